package io.vivarium.desktop.home;

import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.ui.Console;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.StateBadge;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.vm.VmVerbs;
import java.time.Duration;
import java.time.Instant;
import javafx.css.PseudoClass;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.input.KeyCode;
import javafx.scene.input.MouseButton;
import javafx.scene.layout.HBox;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

/** A VM in the list: its newest console lines, name, state, facts, and the verbs used most. */
final class VmCard extends VBox {
  /** Lines of the console that fit. */
  private static final int LINES = 7;

  private static final PseudoClass LIVE = PseudoClass.getPseudoClass("live");

  private final VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final Label console = Nodes.label("", "card-console");
  private final Label name = Nodes.label("", "card-name");
  private final StateBadge badge;
  private final Label facts = Nodes.label("", "card-facts");
  private final Label time = Nodes.label("", "card-time");
  private final Button start;
  private final Button pause;
  private final Button stop;

  VmCard(VmItem item, Desk desk, VmVerbs verbs) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
    this.badge = new StateBadge(texts);
    getStyleClass().add("vm-card");
    setFocusTraversable(true);
    StackPane screen = new StackPane(console);
    screen.getStyleClass().add("card-screen");
    start = Nodes.iconButton(texts.get("verb.start"), Icons.START, () -> startOrResume(verbs));
    pause = Nodes.iconButton(texts.get("verb.pause"), Icons.PAUSE, () -> verbs.pause(item.name()));
    stop = Nodes.iconButton(texts.get("verb.stop"), Icons.STOP, () -> verbs.stop(item.name()));
    HBox head = Nodes.row("card-head", name, Nodes.spacer(), badge);
    HBox foot = Nodes.row("card-foot", time, Nodes.spacer(), start, pause, stop);
    getChildren().addAll(screen, Nodes.column("card-body", head, facts, foot));
    setOnMousePressed(e -> requestFocus());
    setOnMouseClicked(
        e -> {
          if (e.getButton() == MouseButton.PRIMARY) {
            open();
          }
        });
    setOnKeyPressed(
        e -> {
          if (e.getCode() == KeyCode.ENTER || e.getCode() == KeyCode.SPACE) {
            open();
            e.consume();
          }
        });
    item.infoProperty().subscribe(this::show);
  }

  VmItem item() {
    return item;
  }

  private void open() {
    desk.navigator().openVm(item.name());
  }

  private void startOrResume(VmVerbs verbs) {
    if (item.state() == VmState.PAUSED) {
      verbs.resume(item.name());
    } else {
      verbs.start(item.name());
    }
  }

  private void show(VmInfo info) {
    setId("card-" + info.name());
    setAccessibleText(info.name() + ", " + texts.get("state." + info.state()));
    name.setText(info.name());
    badge.show(info.state());
    facts.setText(VmFacts.line(info.spec(), texts));
    String lines = Console.plain(info.lastConsoleLines(), LINES);
    boolean alive = info.state() == VmState.RUNNING || info.state() == VmState.PAUSED;
    String reason = info.reason();
    console.setText(
        info.state() == VmState.CRASHED && reason != null && lines.isBlank() ? reason : lines);
    pseudoClassStateChanged(LIVE, alive);
    Nodes.visible(
        start,
        switch (info.state()) {
          case STOPPED, CRASHED, PAUSED -> true;
          case STARTING, RUNNING, STOPPING -> false;
        });
    Nodes.visible(pause, info.state() == VmState.RUNNING);
    Nodes.visible(stop, alive);
    tick();
  }

  /** Writes the time anew. */
  void tick() {
    Instant started = item.info().startedAt();
    Instant now = desk.clock().instant();
    time.setText(
        started != null
            ? texts.get("card.up", Format.span(Duration.between(started, now)))
            : texts.get(
                "card.created", Format.age(Duration.between(item.info().createdAt(), now), texts)));
  }
}
