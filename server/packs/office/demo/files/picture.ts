import sharp from "sharp";
import { fonts } from "./letterhead.ts";

/** Text as a picture of its own, from our own font file: a server may have no fonts at all. */
async function words(text: string, size: number, colour = "#222222"): Promise<Buffer> {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return sharp({
    text: {
      text: `<span foreground="${colour}">${escaped}</span>`,
      font: `PT Serif ${size}`,
      fontfile: fonts.regular,
      rgba: true,
    },
  })
    .png()
    .toBuffer();
}

interface Words {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly colour?: string;
  /** `x` is the middle and not the left edge. */
  readonly centred?: boolean;
}

async function picture(svg: string, texts: readonly Words[]): Promise<Buffer> {
  const layers = await Promise.all(
    texts.map(async ({ text, x, y, size, colour, centred }) => {
      const input = await words(text, size, colour);
      const { width = 0 } = centred ? await sharp(input).metadata() : {};
      return { input, left: Math.max(0, Math.round(x - width / 2)), top: y };
    }),
  );
  return sharp(Buffer.from(svg)).composite(layers).png({ compressionLevel: 9 }).toBuffer();
}

/** The plan of a warehouse: bays, gates and the way round. */
export function warehousePlan(locale: "en" | "ru"): Promise<Buffer> {
  const racks = Array.from({ length: 6 }, (_, row) =>
    Array.from(
      { length: 9 },
      (__, bay) =>
        `<rect x="${140 + bay * 100}" y="${150 + row * 95}" width="84" height="46" rx="4" fill="${(row + bay) % 5 === 0 ? "#c9ddf0" : "#e7edf3"}" stroke="#8aa0b6"/>`,
    ).join(""),
  ).join("");
  const gates = Array.from(
    { length: 5 },
    (_, gate) => `<rect x="${180 + gate * 190}" y="748" width="110" height="26" fill="#f2c48d" stroke="#b07a2a"/>`,
  ).join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="840"><rect width="1200" height="840" fill="#fbfcfd"/><rect x="90" y="100" width="1020" height="660" fill="none" stroke="#1f4e79" stroke-width="6"/>${racks}${gates}<path d="M120 720 H1080 V130" fill="none" stroke="#c0392b" stroke-width="3" stroke-dasharray="14 10"/></svg>`;
  const ru = locale === "ru";
  return picture(svg, [
    { text: ru ? "План склада № 2, Шушары" : "Warehouse 2, Shushary: plan", x: 90, y: 34, size: 26, colour: "#1f4e79" },
    ...["А", "Б", "В", "Г", "Д", "Е"].map((letter, row) => ({
      text: ru ? `Ряд ${letter}` : `Row ${row + 1}`,
      x: 100,
      y: 128 + row * 95,
      size: 11,
    })),
    ...[1, 2, 3, 4, 5].map((gate) => ({
      text: ru ? `Ворота ${gate}` : `Gate ${gate}`,
      x: 12 + gate * 190,
      y: 784,
      size: 13,
    })),
  ]);
}

/** A route with its stops, as it hangs in the dispatchers' room. */
export function routeMap(stops: readonly string[], title: string): Promise<Buffer> {
  const points = stops.map((stop, index) => ({
    stop,
    x: 140 + index * Math.floor(820 / Math.max(1, stops.length - 1)),
    y: 380 + (index % 2 === 0 ? 90 : -90),
  }));
  const line = points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join(" ");
  const dots = points
    .map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="13" fill="#fff" stroke="#1f4e79" stroke-width="6"/>`)
    .join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1120" height="700"><defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="#eaf3fa"/><stop offset="1" stop-color="#f7faf5"/></linearGradient></defs><rect width="1120" height="700" fill="url(#g)"/><path d="M0 560 C 300 480 500 640 1120 520 V700 H0Z" fill="#d7e7d0"/><path d="${line}" fill="none" stroke="#3b7db8" stroke-width="7" stroke-linejoin="round"/>${dots}</svg>`;
  return picture(svg, [
    { text: title, x: 50, y: 40, size: 24, colour: "#1f4e79" },
    ...points.map(({ stop, x, y }) => ({ text: stop, x, y: y < 380 ? y - 50 : y + 26, size: 16, centred: true })),
  ]);
}

/** A portrait as people without one have it: initials on a quiet ground. */
export function portrait(name: string, colour: string): Promise<Buffer> {
  const initials = name
    .split(" ")
    .map((part) => part[0] ?? "")
    .join("")
    .slice(0, 2);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="600"><rect width="480" height="600" fill="${colour}"/><circle cx="240" cy="240" r="110" fill="#ffffff" opacity="0.85"/><path d="M60 600 C 60 430 420 430 420 600Z" fill="#ffffff" opacity="0.85"/></svg>`;
  return picture(svg, [{ text: initials, x: 240, y: 208, size: 60, colour, centred: true }]);
}
