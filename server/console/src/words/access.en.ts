export const accessEn = {
  "app.access": "Access",
} as const;
