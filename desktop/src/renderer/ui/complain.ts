import { notifications } from "@mantine/notifications";

/** Says that something did not work, where there is no better place for it than the window's corner. */
export const complain = (message: string): void => void notifications.show({ color: "red", message });
