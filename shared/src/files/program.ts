/**
 * Endings of files that are run by being opened, on any of the systems where Kontor is. A colleague's file must not run, however it is
 * called: the desktop opens none of these, and offers to save it where it would open another one.
 */
const PROGRAMS = new Set(
  (
    "exe com bat cmd msi msix msixbundle msp appx appxbundle scr pif ps1 psm1 vb vbs vbe js jse ws wsc wsf wsh sct shb shs hta cpl msc " +
    "gadget jar jnlp lnk reg url application sh bash desktop appimage run command terminal app apk pkg dmg workflow scpt py pyw pl rb deb rpm"
  ).split(" "),
);

export const isProgram = (name: string): boolean => PROGRAMS.has(endingOf(name));

/** The last ending, as systems see it: trailing dots and spaces are nothing to them. Empty where there is none. */
export function endingOf(name: string): string {
  const trimmed = name.replaceAll(/[\s.]+$/g, "");
  const dot = trimmed.lastIndexOf(".");
  return dot < 0 ? "" : trimmed.slice(dot + 1).toLowerCase();
}
