import classes from "./ui.module.css";

/** White text on each of these is at least 4.5:1. */
const GROUNDS = ["#0b6e7f", "#7d4f92", "#7c5f2c", "#3d6a9e", "#a3485b", "#4a7a3a", "#5b5fa8", "#5f6b7d"];

export function Avatar({
  id,
  name,
  size = 26,
}: {
  readonly id: string;
  readonly name: string;
  readonly size?: number;
}) {
  return (
    <span
      className={classes.avatar}
      style={{ width: size, height: size, fontSize: size * 0.4, background: groundOf(id) }}
      data-initials={initialsOf(name)} // a picture, not text: a button around it is called by its name
      aria-hidden
    />
  );
}

function groundOf(id: string): string {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  return GROUNDS[sum % GROUNDS.length] ?? "#5f6b7d";
}

const initialsOf = (name: string): string => {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => word?.match(/[\p{L}\p{N}]/u)?.[0].toUpperCase() ?? "").join("");
};
