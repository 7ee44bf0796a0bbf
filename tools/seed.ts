// Random tests take their seed from KONTOR_SEED where it is set, fast-check's properties too, so that one number repeats a
// whole run. `npm test` sets it to the commit's: what was seen on a commit is what everybody sees on it, and the next commit
// asks other questions.
import * as fc from "fast-check";

const seed = process.env["KONTOR_SEED"];
if (seed !== undefined && seed !== "") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
