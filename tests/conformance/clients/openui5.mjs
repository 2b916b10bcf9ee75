// Carries out cases with SAP's OpenUI5 ODataModel V4, run in jsdom, and prints what it read as JSON.
// In: an array of cases on standard input (see openui5.py); out: {case name: {answer | error, requests}}.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { JSDOM, VirtualConsole, requestInterceptor } from "jsdom";

const root = process.env.ODATA_ROOT;
const login = Buffer.from(`${process.env.KEY_ID}:${process.env.KEY_SECRET}`).toString("base64");
const sources = path.resolve("node_modules/@openui5/sap.ui.core/src");
const requests = [];

// The library comes from disk as if our server had it, so that all requests for data are of one origin, as in a browser.
async function fromDisk(request) {
  const { pathname, search } = new URL(request.url);
  if (!pathname.startsWith("/resources/")) {
    requests.push(`${request.method} ${pathname.slice(new URL(root).pathname.length)}${search}`);
    return undefined;
  }
  try {
    const body = await readFile(path.join(sources, pathname.slice("/resources/".length)));
    const type = pathname.endsWith(".js") ? "text/javascript" : "application/json";
    return new Response(body, { headers: { "Content-Type": type } });
  } catch {
    return new Response("", { status: 404 });
  }
}

function page() {
  return new JSDOM("<!DOCTYPE html><html><head></head><body></body></html>", {
    url: new URL("/page.html", root).href,
    runScripts: "dangerously",
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(),
    resources: { interceptors: [requestInterceptor(fromDisk)] },
    beforeParse(window) {
      const listen = { addListener() {}, removeListener() {}, addEventListener() {}, removeEventListener() {} };
      window.matchMedia = () => ({ matches: false, ...listen });
    },
  });
}

async function boot(window) {
  for (const file of ["ui5loader.js", "ui5loader-autoconfig.js"]) {
    await new Promise((resolve, reject) => {
      const script = window.document.createElement("script");
      Object.assign(script, { src: `/resources/${file}`, id: "sap-ui-bootstrap", onload: resolve, onerror: reject });
      Object.assign(script.dataset, { sapUiAsync: "true", sapUiCompatVersion: "edge", sapUiLanguage: "en" });
      window.document.head.append(script);
    });
  }
  const need = (...names) => new Promise((resolve, reject) => {
    window.sap.ui.require(names, (...found) => resolve(found), reject);
  });
  const [LocaleData, Locale] = await need("sap/ui/core/LocaleData", "sap/ui/core/Locale");
  await LocaleData.requestInstance(new Locale("en"));
  const v4 = "sap/ui/model/odata/v4/";
  const [ODataModel, Filter, Sorter] = await need(`${v4}ODataModel`, "sap/ui/model/Filter", "sap/ui/model/Sorter");
  return { ODataModel, Filter, Sorter };
}

// ["and"|"or", filter...] or [path, operator, value, value2] or {path, operator, value1, caseSensitive}
function filterOf(ui5, given) {
  if (Array.isArray(given) && (given[0] === "and" || given[0] === "or")) {
    const filters = given.slice(1).map((item) => filterOf(ui5, item));
    return new ui5.Filter({ filters, and: given[0] === "and" });
  }
  return Array.isArray(given) ? new ui5.Filter(...given) : new ui5.Filter(given);
}

// A row without annotations and without what the library keeps for itself.
function bare(value) {
  if (Array.isArray(value)) return value.map(bare);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([name]) => !name.startsWith("@") && !name.includes("@"));
  return Object.fromEntries(kept.map(([name, inner]) => [name, bare(inner)]));
}

// Rows of an aggregation also say which level they stand on and whether they are totals.
function row(context, withLevels) {
  const object = context.getObject();
  if (!withLevels) return bare(object);
  const level = object["@$ui5.node.level"];
  return { ...bare(object), level, total: object["@$ui5.context.isTransient"] ?? object["@$ui5.node.isTotal"] ?? false };
}

function listOf(ui5, model, given) {
  const sorters = (given.sort ?? []).map(([name, down]) => new ui5.Sorter(name, Boolean(down)));
  const filters = given.filter ? [filterOf(ui5, given.filter)] : [];
  const parameters = { ...(given.parameters ?? {}) };
  if (given.aggregation) parameters.$$aggregation = given.aggregation;
  return model.bindList(given.list, undefined, sorters, filters, parameters);
}

const DOES = {
  async metadata(ui5, model, given) {
    return bare(await model.getMetaModel().requestObject(given.metadata));
  },
  async list(ui5, model, given) {
    const list = listOf(ui5, model, given);
    const answer = [];
    for (const [start, length] of given.pages ?? [[0, 1000]]) {
      const contexts = await list.requestContexts(start, length);
      answer.push(...contexts.map((context) => row(context, Boolean(given.aggregation?.groupLevels))));
    }
    if (given.expandAt !== undefined) {
      const nodes = await list.requestContexts(0, 1000);
      await nodes[given.expandAt].expand();
      const contexts = await list.requestContexts(0, 1000);
      return contexts.map((context) => row(context, true));
    }
    if (given.late) {
      const contexts = await list.requestContexts(0, 3);
      return await Promise.all(contexts.map((context) => context.requestProperty(given.late)));
    }
    return given.parameters?.$count ? { count: list.getCount(), rows: answer } : answer;
  },
  async object(ui5, model, given) {
    return bare(await model.bindContext(given.object, undefined, given.parameters).requestObject());
  },
  async value(ui5, model, given) {
    return model.bindProperty(given.value).requestValue();
  },
  async together(ui5, model, given) {
    return Promise.all(given.together.map((inner) => one(ui5, model, inner)));
  },
};

async function one(ui5, model, given) {
  const verb = Object.keys(DOES).find((name) => name in given);
  try {
    return await DOES[verb](ui5, model, given);
  } catch (error) {
    return { error: error.message, status: error.status };
  }
}

const dom = page();
const ui5 = await boot(dom.window);
const answers = {};
const cases = JSON.parse(await readFile("/dev/stdin", "utf8"));
for (const given of cases) {
  const model = new ui5.ODataModel({
    serviceUrl: root,
    operationMode: "Server",
    groupId: given.batch ? "$auto" : "$direct",
    autoExpandSelect: Boolean(given.autoExpandSelect),
    httpHeaders: { Authorization: `Basic ${login}` },
  });
  requests.length = 0;
  const answer = await one(ui5, model, given);
  answers[given.name] = { answer: answer ?? null, requests: [...requests] };
}
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
