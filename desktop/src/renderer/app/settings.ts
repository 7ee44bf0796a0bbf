import { createContext, use } from "react";
import { defaultSettings, type Settings } from "#contract";

export const SettingsContext = createContext<Settings>(defaultSettings);
export const useSettings = (): Settings => use(SettingsContext);
export const changeSettings = (change: Partial<Settings>): void => void window.kontor.changeSettings(change);
