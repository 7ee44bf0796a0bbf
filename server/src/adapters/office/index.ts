export { createOffice } from "./office.pdf.ts";
