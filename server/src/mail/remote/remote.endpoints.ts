import { z } from "zod";
import { DomainError } from "@kontor/shared/base";
import { defineEndpoint, type Endpoint } from "#kernel";
import { idParams, mailboxAccess, type MailRestDeps } from "../mail.rest.ts";
import { messageNotFound, readableMessage } from "../messages/message.access.ts";
import { findBodies } from "../messages/messages.repo.ts";
import { pictureLimits, type PictureFetcher } from "./picture.port.ts";

export interface RemoteEndpointDeps extends Pick<MailRestDeps, "db" | "actorOf"> {
  readonly pictures: PictureFetcher;
}

/** Pictures from elsewhere, once their reader allows them. */
export const remoteEndpoints = ({ db, actorOf, pictures }: RemoteEndpointDeps): readonly Endpoint[] => [
  defineEndpoint({
    method: "get",
    path: "/mail/messages/:id/remote",
    summary:
      "A picture that this message shows from elsewhere, fetched by the server: its sender does not learn who reads it",
    tag: "mail",
    access: mailboxAccess.read,
    params: idParams,
    query: z.object({ url: z.url({ protocol: /^https?$/ }).max(pictureLimits.maxAddressChars) }),
    // A newsletter has some dozens; whoever makes the server ask the world does it slowly.
    rateLimit: { perMinute: 600 },
    stream: true,
    async handle({ params, query }, request) {
      await readableMessage(db, await actorOf(request), params.id);
      const [body] = await findBodies(db, [params.id]);
      if (!body) throw messageNotFound();
      // Nobody uses the server to look at other addresses than the message names.
      if (!addressesIn(body.body_html ?? "").has(query.url))
        throw new DomainError("notFound", "This message shows no such picture.", { reason: "picture.notNamed" });
      const { mime, bytes } = await pictures.fetchPicture(query.url, request.signal);
      const { response } = request.raw;
      response.setHeader("content-type", mime);
      response.setHeader("x-content-type-options", "nosniff");
      response.setHeader("content-security-policy", "default-src 'none'; sandbox");
      response.setHeader("cache-control", "private, max-age=86400");
      response.end(bytes);
    },
  }),
];

/** What cleaning has put aside (`mime/html`), as the page reads it: the few entities that it writes are undone. */
export function addressesIn(html: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, address = ""] of html.matchAll(/\bdata-remote-[a-z]+="([^"]*)"/g))
    found.add(
      address.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&"),
    );
  return found;
}
