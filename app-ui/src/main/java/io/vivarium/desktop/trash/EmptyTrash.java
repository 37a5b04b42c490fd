package io.vivarium.desktop.trash;

import io.vivarium.client.TrashInfo;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Texts;

/** The one verb that cannot be taken back, after a question that says how much it frees. */
public final class EmptyTrash {
  private EmptyTrash() {}

  /** Asks, and empties it; {@code then} runs when that is done. */
  public static void ask(Desk desk, Runnable then) {
    desk.jobs()
        .read(
            () -> desk.vivarium().trash().stream().mapToLong(TrashInfo::ownBytes).sum(),
            bytes -> ask(desk, bytes, then),
            why -> desk.banners().add(Banner.error(String.valueOf(why.getMessage()), why.cure())));
  }

  private static void ask(Desk desk, long bytes, Runnable then) {
    Texts texts = desk.texts();
    desk.dialogs()
        .confirm(
            texts.get("trash.empty.title"),
            texts.get("trash.empty.text", Format.bytes(bytes)),
            texts.get("trash.empty"),
            true,
            () ->
                desk.jobs()
                    .call(
                        texts.get("job.emptyTrash"),
                        "viv trash empty",
                        progress -> desk.vivarium().emptyTrash(),
                        freed -> {
                          desk.toasts().show(texts.get("trash.freed", Format.bytes(freed)));
                          then.run();
                        }));
  }
}
