// Verifies the DKIM signatures of the message on standard input with mailauth, and prints their results as JSON.
// The arguments are the DNS: NAME=RECORD.
import { buffer } from 'node:stream/consumers';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';

const records = new Map(process.argv.slice(2).map((argument) => [argument.slice(0, argument.indexOf('=')), argument.slice(argument.indexOf('=') + 1)]));

const resolver = async (name) => {
    const record = records.get(name);
    if (record === undefined) throw Object.assign(new Error(`no such name: ${name}`), { code: 'ENOTFOUND' });
    return [[record]];
};

const { results } = await dkimVerify(await buffer(process.stdin), { resolver });
console.log(JSON.stringify(results.map((result) => `${result.algo} ${result.status.result === 'pass' ? 'pass' : 'fail'}`)));
