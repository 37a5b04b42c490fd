package io.vivarium.desktop.vm;

import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.terminal.TerminalView;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.StateBadge;
import io.vivarium.desktop.ui.Texts;
import java.util.ArrayList;
import java.util.List;
import javafx.animation.PauseTransition;
import javafx.geometry.Pos;
import javafx.scene.control.Label;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.util.Duration;

/** The terminal of a VM, and while it cannot be typed into, a strip that says why. */
final class ConsoleTab extends VBox implements VmTab {
  /** Between two tries to reach a console whose VM runs. */
  private static final Duration RETRY = Duration.millis(500);

  private final Texts texts;
  private final DesktopState state;
  private final TerminalView terminal;
  private final Label stripText = Nodes.label("", "strip-text");
  private final StackPane stripIcon = new StackPane();
  private final HBox strip;
  private final PauseTransition retry = new PauseTransition(RETRY);

  ConsoleTab(VmItem item, Desk desk) {
    this.texts = desk.texts();
    state = desk.state();
    terminal = new TerminalView(desk.vivarium(), desk.jobs(), texts, fontPixels(), item::name);
    terminal.setId("terminal");
    VBox.setVgrow(terminal, Priority.ALWAYS);
    strip = Nodes.row("console-strip", stripIcon, stripText);
    strip.setAlignment(Pos.CENTER_LEFT);
    Label keys = Nodes.label(texts.get("console.keys"), "console-keys");
    keys.setTooltip(new Tooltip(keys.getText()));
    getStyleClass().add("console-tab");
    getChildren().addAll(strip, terminal, keys);
    retry.setOnFinished(e -> follow(item.info()));
    terminal
        .linkProperty()
        .subscribe(
            link -> {
              if (link == TerminalView.Link.APART) {
                desk.vms().refresh();
                retry.playFromStart();
              }
            });
  }

  @Override
  public void follow(VmInfo info) {
    if (VmModel.isAlive(info.state())) {
      terminal.connect();
    } else {
      terminal.showLog();
    }
    boolean typing = info.state() == VmState.RUNNING;
    Nodes.visible(strip, !typing);
    stripIcon.getChildren().setAll(Icons.of(StateBadge.icon(info.state())));
    String reason = info.reason();
    stripText.setText(
        info.state() == VmState.CRASHED && reason != null
            ? reason
            : texts.get("console.strip." + info.state()));
  }

  /** The guest is another one now, after a restore: show its console anew. */
  void reconnect() {
    terminal.reconnect();
    focusTerminal();
  }

  @Override
  public List<Command> commands() {
    List<Command> all = new ArrayList<>();
    for (String key : List.of("Ctrl+EQUALS", "Ctrl+PLUS", "Ctrl+ADD")) {
      all.add(font("console.font.larger", key, () -> font(state.terminalFont() + 1)));
    }
    for (String key : List.of("Ctrl+MINUS", "Ctrl+SUBTRACT")) {
      all.add(font("console.font.smaller", key, () -> font(state.terminalFont() - 1)));
    }
    all.add(
        font(
            "console.font.usual",
            "Ctrl+DIGIT0",
            () -> {
              state.resetTerminalFont();
              terminal.setFontSize(fontPixels());
            }));
    return all;
  }

  private Command font(String title, String key, Runnable action) {
    return Command.of(texts.get(title), texts.get("palette.setting"), Icons.TEXT, key, action);
  }

  private void font(int size) {
    state.setTerminalFont(size);
    terminal.setFontSize(fontPixels());
  }

  /** As large as the other texts, and larger or smaller by choice. */
  private double fontPixels() {
    return state.terminalFont() * state.textPercent() / 100.0;
  }

  @Override
  public void shown() {
    focusTerminal();
  }

  void focusTerminal() {
    terminal.focusTerminal();
  }

  @Override
  public void close() {
    retry.stop();
    terminal.close();
  }
}
