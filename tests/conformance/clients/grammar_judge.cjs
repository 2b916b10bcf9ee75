// The OASIS grammar as it lies, read by apg-js: texts come in as JSON lines [[rule, text], ...] (all of a line have to
// match), one verdict goes out for each line, "1" or "0".
// Arguments: a JSON file with the names that each name rule may match, then the grammar files.
//
// apg-js takes the first alternative and the longest repetition that match and never comes back to them. In two
// places that hides a derivation that the grammar has, and is put right here:
// - the value of a parameter is an array or object before it is an expression that begins with one, and
// - a parameter alias before it is an expression that begins with one: where an operator or path follows, the first
//   alternative does not match.
"use strict";
const fs = require("fs");
const readline = require("readline");
const { apgApi, apgLib } = require("apg-js");

const [namesFile, ...grammarFiles] = process.argv.slice(2);
const api = new apgApi(grammarFiles.map((file) => fs.readFileSync(file, "utf8")).join("\n"));
api.generate();
if (api.errors.length) {
  process.stderr.write(api.errorsToAscii());
  process.exit(2);
}
const grammar = api.toObject();
const parser = new apgLib.parser();
const { ACTIVE, MATCH, EMPTY, NOMATCH } = apgLib.ids;
const GOES_ON = /^(?:\/|(?: |\t|%20|%09)+[a-z]+(?: |\t|%20|%09))/i;
const textAt = (characters, from, to) => String.fromCharCode(...characters.slice(from, to));
const refuse = (state) => {
  state.state = NOMATCH;
  state.phraseLength = 0;
};

const rules = new Set(grammar.rules.map((rule) => rule.lower));
const names = JSON.parse(fs.readFileSync(namesFile, "utf8"));
for (const [rule, texts] of Object.entries(names)) {
  if (!rules.has(rule.toLowerCase())) {
    process.stderr.write(`the grammar has no rule ${rule}\n`);
    process.exit(2);
  }
  const allowed = new Set(texts);
  parser.callbacks[rule.toLowerCase()] = (state, characters, place) => {
    if (state.state !== MATCH && state.state !== EMPTY) return;
    if (!allowed.has(textAt(characters, place, place + state.phraseLength))) refuse(state);
  };
}
for (const [rule, first] of [
  ["parametervalue", "arrayorobject"],
  ["functionexprparameter", "parameteralias"],
]) {
  let isNext = false;
  const places = new Set();
  parser.callbacks[rule] = (state) => {
    isNext = state.state === ACTIVE;
  };
  parser.callbacks[first] = (state, characters, place) => {
    if (state.state === ACTIVE && isNext) {
      isNext = false;
      places.add(place);
    }
    if (state.state === ACTIVE || !places.delete(place)) return;
    const end = place + state.phraseLength;
    if (state.state === MATCH && GOES_ON.test(textAt(characters, end, end + 80))) refuse(state);
  };
}

const matches = (rule, text) =>
  parser.parse(
    grammar,
    rule,
    [...text].map((character) => character.codePointAt(0)),
  ).success;

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let verdict = "-"; // the parser itself gave up: too deep for it
  try {
    verdict = JSON.parse(line).every(([rule, text]) => matches(rule, text)) ? "1" : "0";
  } catch (error) {
    process.stderr.write(`${error} on ${line.slice(0, 3000)}\n`);
  }
  process.stdout.write(`${verdict}\n`);
});
