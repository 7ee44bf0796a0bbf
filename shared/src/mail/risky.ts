import { endingOf, isProgram } from "../files/index.ts";

/**
 * Endings of files that a system runs, or opens with something that runs what is in them, on a double click: what Gmail and
 * Outlook refuse to carry (support.google.com/mail/answer/6590), with documents that hold macros. They are kept and shown here;
 * the interface warns before one is opened. What is run by being opened (`isProgram`) can only be saved.
 */
const RISKY = new Set(
  (
    "ade adp apk app appx appxbundle bat cab chm cmd com command cpl desktop diagcab dll dmg docm dotm exe gadget " +
    "hlp hta htm html img inf ins iso isp jar jnlp js jse lib lnk mde mht mhtml msc msi msix msp mst nsh ocx one pif pkg potm " +
    "ppam ppsm pptm ps1 ps1xml psc1 psd1 psm1 pyw reg rgs scf scpt scr sct sh shb shs sldm svg swf sys terminal url vb vbe " +
    "vbp vbs vhd vhdx vxd wim workflow ws wsc wsf wsh xht xhtml xlam xll xlsb xlsm xltm xsl xslt"
  ).split(" "),
);

export const isRisky = (name: string): boolean => RISKY.has(endingOf(name)) || isProgram(name);
