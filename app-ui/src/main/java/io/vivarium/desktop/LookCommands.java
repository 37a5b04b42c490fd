package io.vivarium.desktop;

import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Texts;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import javafx.scene.Scene;

/** The settings of the desktop, as verbs: colours, the size of the text, closing. */
final class LookCommands {
  private static final int STEP = 10;
  private static final int USUAL = 100;

  private final Texts texts;
  private final DesktopState state;
  private final Supplier<List<Scene>> scenes;

  /**
   * @param scenes of all windows
   */
  LookCommands(Texts texts, DesktopState state, Supplier<List<Scene>> scenes) {
    this.texts = texts;
    this.state = state;
    this.scenes = scenes;
  }

  List<Command> all() {
    List<Command> all = new ArrayList<>();
    for (DesktopState.Look look : DesktopState.Look.values()) {
      all.add(
          Command.of(
              texts.get("look." + look),
              texts.get("palette.setting"),
              Icons.THEME,
              () -> {
                state.setLook(look);
                Theme.follow(look);
              }));
    }
    for (DesktopState.Closing closing : DesktopState.Closing.values()) {
      all.add(
          Command.of(
              texts.get("closing." + closing),
              texts.get("palette.setting"),
              Icons.SETTINGS,
              () -> state.setClosing(closing)));
    }
    // The same key with and without Shift, and on the number block.
    for (String key : List.of("Ctrl+EQUALS", "Ctrl+PLUS", "Ctrl+ADD")) {
      all.add(text("look.larger", key, () -> scale(state.textPercent() + STEP)));
    }
    for (String key : List.of("Ctrl+MINUS", "Ctrl+SUBTRACT")) {
      all.add(text("look.smaller", key, () -> scale(state.textPercent() - STEP)));
    }
    all.add(text("look.usual", "Ctrl+DIGIT0", () -> scale(USUAL)));
    return all;
  }

  private Command text(String title, String key, Runnable action) {
    return Command.of(texts.get(title), texts.get("palette.setting"), Icons.TEXT, key, action);
  }

  private void scale(int percent) {
    state.setTextPercent(percent);
    for (Scene scene : scenes.get()) {
      Theme.scale(scene, state.textPercent());
    }
  }
}
