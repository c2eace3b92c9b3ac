//! A small answer for another part of the service: under the rules for sources, but at nobody's pace.

use url::Url;

use super::answer::shown;
use super::{Http, HttpError, beginning};

impl Http {
    /// GETs `url`, which may be asked by the rules for sources, without following redirects; the first 64 KiB of its body.
    ///
    /// # Errors
    /// When it may not be asked, does not answer in time, or with anything but success.
    pub async fn get_small(&self, url: &Url) -> Result<Vec<u8>, HttpError> {
        self.rules.check(url).map_err(|reason| HttpError::Refused { url: shown(url), reason })?;
        let response = self.client.get(url.clone()).send().await.map_err(|error| self.failed(url, &error))?;
        match response.status() {
            status if status.is_success() => Ok(beginning(response).await),
            status => Err(HttpError::Status { url: shown(url), status, retry_after: None, body: Vec::new() }),
        }
    }
}
