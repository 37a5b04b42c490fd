package io.vivarium.desktop.ui;

import io.vivarium.client.VmState;
import java.util.Locale;
import javafx.scene.control.Label;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.javafx.FontIcon;

/** A VM's state as a word, an icon and a colour. */
public final class StateBadge extends Label {
  private final Texts texts;
  private String shownClass = "";
  private @Nullable VmState shown;

  public StateBadge(Texts texts) {
    this.texts = texts;
    getStyleClass().add("state-badge");
    setMinWidth(USE_PREF_SIZE);
  }

  public void show(VmState state) {
    if (state == shown) {
      return;
    }
    shown = state;
    getStyleClass().remove(shownClass);
    shownClass = "state-" + state.name().toLowerCase(Locale.ROOT);
    getStyleClass().add(shownClass);
    setText(texts.get("state." + state.name()));
    setGraphic(new FontIcon(icon(state)));
  }

  /** The icon of a state. */
  public static Ikon icon(VmState state) {
    return switch (state) {
      case STOPPED -> Icons.STOPPED;
      case STARTING, STOPPING -> Icons.WAITING;
      case RUNNING -> Icons.RUNNING;
      case PAUSED -> Icons.PAUSED;
      case CRASHED -> Icons.ERROR;
    };
  }
}
