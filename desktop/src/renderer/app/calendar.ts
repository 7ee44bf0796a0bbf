// Mantine's calendars take the names of months and days from dayjs.
import "dayjs/locale/ru";
import dayjs from "dayjs";
import customParseFormat from "dayjs/plugin/customParseFormat";

dayjs.extend(customParseFormat);
