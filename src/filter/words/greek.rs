//! Greek letters by their names.

/// The name of a Greek letter that is all of `word`, with a capital for a capital.
pub(super) fn name(word: &str) -> Option<String> {
    const FIRST: u32 = 'α' as u32;
    // In the order of Unicode, where the sigma of word ends has a place of its own.
    const NAMES: [&str; 25] = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi",
        "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ];
    let mut chars = word.chars();
    let (Some(letter), None) = (chars.next(), chars.next()) else { return None };
    let small = letter.to_lowercase().next()?;
    let name = *NAMES.get((small as u32).checked_sub(FIRST)? as usize)?;
    Some(if small == letter { name.to_owned() } else { name[..1].to_ascii_uppercase() + &name[1..] })
}
