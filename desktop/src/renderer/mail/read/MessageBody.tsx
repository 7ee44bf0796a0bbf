import { Button } from "@mantine/core";
import { IconPhotoOff } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { ReplicaMessage } from "#contract";
import { addressKey, type BodyDoc, type MailSettingsDoc } from "@kontor/shared/mail";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { mailFonts } from "./mail.fonts.ts";
import { mailPage } from "./mail.page.ts";
import { closePictures, openPictures, picturesIn } from "./pictures.ts";
import { TextBody } from "./TextBody.tsx";
import { useOpenLink } from "./useOpenLink.ts";
import classes from "./read.module.css";

/** What a message says: text as text, HTML in a frame that runs and loads nothing. */
export function MessageBody(props: {
  readonly message: ReplicaMessage;
  readonly body: BodyDoc | undefined;
  readonly settings: MailSettingsDoc;
}) {
  const { body, message } = props;
  const { t } = useWords();
  if (!body) return <p className={classes.noBody}>{t("mail.body.missing")}</p>;
  return (
    <>
      {body.cut && <p className={classes.hint}>{t("mail.body.cut")}</p>}
      {body.html ? (
        <HtmlBody {...props} html={body.html} hasRemote={body.hasRemote === true} />
      ) : (
        <TextBody text={body.text} />
      )}
      {!body.html && body.text.trim() === "" && <NoText message={message} />}
    </>
  );
}

/** Where nothing is to be read it is said why; files speak for themselves. */
function NoText({ message }: { readonly message: ReplicaMessage }) {
  const { t } = useWords();
  if (message.sealed === "encrypted") return <p className={classes.noBody}>{t("mail.encrypted.text")}</p>;
  return message.attachments.length === 0 ? <p className={classes.noBody}>{t("mail.body.empty")}</p> : null;
}

function HtmlBody(props: {
  readonly message: ReplicaMessage;
  readonly html: string;
  readonly hasRemote: boolean;
  readonly settings: MailSettingsDoc;
}) {
  const { hasRemote, html, message, settings } = props;
  const { t } = useWords();
  const { call } = useReplica();
  const sender = addressKey(message.from[0]?.address ?? "");
  const isAllowed = settings.remoteAllowed.includes(sender);
  const [once, setOnce] = useState(false);
  const pictures = usePictures(message);
  const colours = useColours();
  const blockedWords = t("mail.remote.picture");
  const wantsRemote = hasRemote && (isAllowed || once);
  const bare = useMemo(
    () => mailPage(html, { pictures, colours, blockedWords, fonts: mailFonts }),
    [html, pictures, colours, blockedWords],
  );
  const { problem, remote } = useRemote(message.id, wantsRemote ? bare.remote : NONE);
  const page = useMemo(
    () => (remote.size === 0 ? bare : mailPage(html, { pictures, remote, colours, blockedWords, fonts: mailFonts })),
    [bare, html, pictures, remote, colours, blockedWords],
  );
  return (
    <>
      {hasRemote && !wantsRemote && (
        <div className={classes.remoteBar} role="note">
          <IconPhotoOff size={16} aria-hidden />
          <span>{t("mail.remote.blocked")}</span>
          <Button size="compact-xs" onClick={() => setOnce(true)}>
            {t("mail.remote.once")}
          </Button>
          {sender !== "" && (
            <Button
              size="compact-xs"
              variant="subtle"
              onClick={() => void call("mail.settings", { allowRemote: sender })}
            >
              {t("mail.remote.always", { sender })}
            </Button>
          )}
        </div>
      )}
      {problem && <p className={classes.hint}>{t("mail.remote.failed")}</p>}
      <Frame page={page.html} onPaper={page.onPaper} title={t("mail.body.title")} />
    </>
  );
}

const NONE: readonly string[] = [];

/**
 * `allow-same-origin` alone: nothing runs in it, and the window may measure it and hear its clicks. Its policy and its
 * cleaning are in `mailPage`.
 */
function Frame({ onPaper, page, title }: { readonly page: string; readonly onPaper: boolean; readonly title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(40);
  const openLink = useOpenLink();

  const prepare = useCallback(() => {
    const page = frame.current?.contentDocument;
    if (!page?.body) return undefined;
    const measure = () => {
      const root = page.documentElement;
      // Of what stands in it, and not `scrollHeight`, which is never less than the frame is high already.
      const bar = (page.defaultView?.innerHeight ?? 0) - root.clientHeight;
      setHeight(Math.ceil(root.getBoundingClientRect().height) + bar);
    };
    const click = (event: MouseEvent) => {
      const link = closestLink(event.target);
      if (!link) return;
      event.preventDefault();
      const address = link.getAttribute("href") ?? "";
      if (address.startsWith("#")) return page.getElementById(address.slice(1))?.scrollIntoView();
      openLink(address, link.textContent ?? "");
    };
    // Keys pressed over a text are the window's.
    const key = (event: KeyboardEvent) => {
      const { altKey, code, ctrlKey, key: name, metaKey, shiftKey } = event;
      const again = new KeyboardEvent("keydown", {
        altKey,
        code,
        ctrlKey,
        key: name,
        metaKey,
        shiftKey,
        cancelable: true,
      });
      if (!window.dispatchEvent(again)) event.preventDefault();
    };
    page.addEventListener("click", click);
    page.addEventListener("auxclick", click);
    page.addEventListener("keydown", key);
    const observer = new ResizeObserver(measure);
    observer.observe(page.body);
    measure();
    return () => {
      observer.disconnect();
      page.removeEventListener("click", click);
      page.removeEventListener("auxclick", click);
      page.removeEventListener("keydown", key);
    };
  }, [openLink]);

  const undo = useRef<() => void>(undefined);
  useEffect(() => () => undo.current?.(), []);
  return (
    <iframe
      ref={frame}
      className={classes.frame}
      data-paper={onPaper || undefined}
      sandbox="allow-same-origin"
      srcDoc={page}
      title={title}
      style={{ height }}
      onLoad={() => {
        undo.current?.();
        undo.current = prepare();
      }}
    />
  );
}

/** Of the frame's own realm: `instanceof` of this window's classes says no to all of them. */
const closestLink = (target: EventTarget | null): Element | undefined =>
  (target as Element | null)?.closest?.("a[href], area[href]") ?? undefined;

interface Colours {
  readonly scheme: "light" | "dark";
  readonly ink: string;
  readonly link: string;
  readonly quiet: string;
  readonly line: string;
}

/**
 * The colours that the page wears. React knows of another theme before the page does; what is read then are the old ones, so it
 * is the page that is listened to.
 */
export const useColours = (): Colours => useSyncExternalStore(onThemeChange, coloursNow);

function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  const attributeFilter = ["data-mantine-color-scheme", "data-contrast"];
  observer.observe(document.documentElement, { attributes: true, attributeFilter });
  return () => observer.disconnect();
}

let last: Colours | undefined;
/** A frame of another scheme than the page's is painted white, whatever it says itself. */
function coloursNow(): Colours {
  const root = document.documentElement;
  const style = getComputedStyle(root);
  const of = (name: string) => style.getPropertyValue(name).trim();
  const scheme = root.dataset["mantineColorScheme"] === "dark" ? "dark" : "light";
  const now: Colours = { scheme, ink: of("--ink"), link: of("--accent"), quiet: of("--ink-2"), line: of("--line") };
  // The same object for the same colours, or the page would be drawn for ever.
  if (last === undefined || Object.entries(now).some(([name, value]) => last?.[name as keyof Colours] !== value))
    last = now;
  return last;
}

/** Pictures that travel with the message, as soon as they are on this device. */
function usePictures(message: ReplicaMessage): ReadonlyMap<string, string> {
  const { call } = useReplica();
  const key = picturesIn(message)
    .map(({ id }) => id)
    .join();
  const [held, setHeld] = useState<ReadonlyMap<string, string>>(EMPTY);
  useEffect(() => {
    let gone = false;
    const opening = openPictures(call, message);
    void opening.then((pictures) => !gone && setHeld(pictures));
    return () => {
      gone = true;
      void opening.then(closePictures);
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `key` says which pictures
  }, [call, key]);
  return held;
}
const EMPTY: ReadonlyMap<string, string> = new Map();

/** Pictures from elsewhere, brought by the server: who sent them learns nothing of the reader but that somebody looked. */
function useRemote(id: string, addresses: readonly string[]) {
  const { call } = useReplica();
  const key = addresses.join(" ");
  const [held, setHeld] = useState<{ key: string; remote: ReadonlyMap<string, string>; problem?: true }>();
  useEffect(() => {
    if (key === "") return;
    let gone = false;
    call("mail.remotePictures", { id, addresses: key.split(" ") }).then(
      (answer) => {
        if (gone) return;
        if (answer.ok) setHeld({ key, remote: new Map(Object.entries(answer.pictures)) });
        else setHeld({ key, remote: EMPTY, problem: true });
      },
      () => !gone && setHeld({ key, remote: EMPTY, problem: true }),
    );
    return () => {
      gone = true;
    };
  }, [call, id, key]);
  return held?.key === key
    ? { remote: held.remote, problem: held.problem === true }
    : { remote: EMPTY, problem: false };
}
