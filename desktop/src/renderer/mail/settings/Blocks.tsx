import { ActionIcon, Button, Modal } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { useWords } from "../../words/index.ts";
import { EditorArea, savedHtml, useDraftEditor } from "../compose/index.ts";
import classes from "./settings.module.css";

export interface Block {
  readonly id: string;
  readonly name: string;
  readonly line: string;
}

/** Texts with names, to be edited and removed. */
export function Blocks(props: {
  readonly blocks: readonly Block[];
  readonly none: string;
  readonly edit: (id: string) => void;
  readonly remove: (id: string) => void;
}) {
  const { t } = useWords();
  const [leaving, setLeaving] = useState<Block>();
  if (props.blocks.length === 0) return <p className={classes.none}>{props.none}</p>;
  return (
    <>
      <ul className={classes.blocks}>
        {props.blocks.map((block) => (
          <li key={block.id}>
            <button type="button" onClick={() => props.edit(block.id)}>
              <b>{block.name}</b>
              <small>{block.line}</small>
            </button>
            <ActionIcon aria-label={t("mailSettings.remove", { name: block.name })} onClick={() => setLeaving(block)}>
              <IconTrash size={15} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      <Modal
        opened={leaving !== undefined}
        onClose={() => setLeaving(undefined)}
        title={t("mailSettings.remove.title", { name: leaving?.name ?? "" })}
        closeButtonProps={{ "aria-label": t("app.close") }}
      >
        <div className={classes.buttons}>
          <Button data-autofocus onClick={() => setLeaving(undefined)}>
            {t("app.cancel")}
          </Button>
          <Button
            variant="filled"
            color="red"
            onClick={() => {
              if (leaving) props.remove(leaving.id);
              setLeaving(undefined);
            }}
          >
            {t("mailSettings.remove.confirm")}
          </Button>
        </div>
      </Modal>
    </>
  );
}

// Nothing hangs in such a text: a picture would not travel with it.
const NOTHING = { changed: () => undefined, files: () => undefined, findPicture: async () => undefined };

/** One such text in the composer's own editor, so that it looks as it will. */
export function EditBlock(props: {
  readonly title: string;
  readonly html: string;
  readonly isNamed: boolean;
  readonly close: () => void;
  readonly save: (html: string) => Promise<boolean>;
  readonly children: ReactNode;
}) {
  const { t } = useWords();
  const editor = useDraftEditor(props.html, NOTHING);
  const [problem, setProblem] = useState(false);
  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!props.isNamed) return setProblem(true);
    if (await props.save(savedHtml(editor.getHTML(), []))) props.close();
  }
  return (
    <Modal
      opened
      onClose={props.close}
      title={props.title}
      size={640}
      closeOnClickOutside={false} // a click beside it must not cost what was written
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <form className={classes.form} onSubmit={(event) => void save(event)} noValidate>
        {props.children}
        <div className={classes.text}>
          <EditorArea editor={editor} toolsShown />
        </div>
        {problem && !props.isNamed && (
          <p className={classes.problem} role="alert">
            {t("mailSettings.needsName")}
          </p>
        )}
        <div className={classes.buttons}>
          <Button onClick={props.close}>{t("app.cancel")}</Button>
          <Button type="submit" variant="filled">
            {t("mailSettings.save")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
