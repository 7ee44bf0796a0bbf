export { LockedScreen, PassphraseScreen, ReplicaFailedScreen } from "./otherScreens.tsx";
export { SignInScreen } from "./SignInScreen.tsx";
export { askSignInAgain } from "./SignInAgain.tsx";
