export { createPictureFetcher } from "./picture.fetcher.ts";
