export { createPictureFetcher } from "./picture.fetcher.ts";
export { createWebhookSender } from "./webhook.sender.ts";
