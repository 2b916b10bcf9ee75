// CSDL XML on standard input -> {csdl, openapi, messages}: what OASIS's own converters make of it.
const { readFileSync } = require("node:fs");
const { xml2json } = require("odata-csdl");
const { csdl2openapi } = require("odata-openapi");

const messages = [];
const xml = readFileSync(0, "utf8");
const csdl = xml2json(xml, { strict: true, messages });
const openapi = csdl2openapi(structuredClone(csdl), { openapiVersion: "3.1.0", messages });
process.stdout.write(JSON.stringify({ csdl, openapi, messages }));
