/**
 * Runs inside the jail: one picture in, a page image and a thumbnail out. Decoders of pictures are the classic way into
 * a server, so none of them runs in the server's own process.
 */
import sharp from "sharp";

const [source = "", page = "", thumbnail = "", maxPixels, pageWidth, thumbnailSize] = process.argv.slice(2);

sharp.cache(false);
sharp.concurrency(1);

try {
  // `failOn: none`: a photo with a damaged last line is still worth seeing.
  const input = { limitInputPixels: Number(maxPixels), failOn: "none" as const, pages: 1 };
  const small = { withoutEnlargement: true };
  const flat = () => sharp(source, input).autoOrient().flatten({ background: "#ffffff" });
  await flat()
    .resize({ width: Number(pageWidth), ...small })
    .jpeg({ quality: 82 })
    .toFile(page);
  await flat()
    .resize({ width: Number(thumbnailSize), height: Number(thumbnailSize), fit: "inside", ...small })
    .jpeg({ quality: 80 })
    .toFile(thumbnail);
  const { width, height, autoOrient } = await sharp(source, input).metadata();
  say({ width: autoOrient?.width ?? width, height: autoOrient?.height ?? height });
} catch (error) {
  const words = (error as Error).message;
  console.error(words);
  if (/pixel limit/i.test(words)) say({ failure: "bomb" });
  else say({ failure: "unreadable" });
}

function say(words: object): void {
  process.stdout.write(JSON.stringify(words));
}
