// Microsoft's own parser of M over the expressions on standard input: {name: text}. Prints {name: fault}, empty when all parse.
import { createRequire } from "node:module";
import path from "node:path";
import { text } from "node:stream/consumers";

const parser = createRequire(path.join(process.cwd(), "here.js"))("@microsoft/powerquery-parser");
const expressions = JSON.parse(await text(process.stdin));
const faults = {};
for (const [name, expression] of Object.entries(expressions)) {
    const task = await parser.TaskUtils.tryLexParse(parser.DefaultSettings, expression);
    if (task.resultKind === "Ok") continue;
    const inner = task.error?.innerError ?? task.error;
    const token = inner?.foundToken?.token ?? inner?.token;
    const at = token?.positionStart;
    faults[name] = `${at ? `line ${at.lineNumber + 1}: ` : ""}${task.error?.message ?? inner?.message ?? task.resultKind}`;
}
console.log(JSON.stringify(faults));
