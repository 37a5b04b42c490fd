package io.vivarium.desktop.home;

import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import io.vivarium.desktop.model.StatsHistory;
import io.vivarium.desktop.model.StatsHistory.Point;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Console;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Graph;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.StateBadge;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.vm.VmVerbs;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javafx.css.PseudoClass;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.input.KeyCode;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.util.Subscription;

/** A VM in the list: its newest console lines, name, state, facts, and the verbs used most. */
final class VmCard extends VBox {
  /** Lines of the console that fit. */
  private static final int LINES = 7;

  /** Readings across a sparkline. */
  private static final int SPARKS = 40;

  private static final PseudoClass LIVE = PseudoClass.getPseudoClass("live");
  private static final PseudoClass CHOSEN = PseudoClass.getPseudoClass("chosen");

  private VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final Choice choice;
  private final Label console = Nodes.label("", "card-console");
  private final Label name = Nodes.label("", "card-name");
  private final StateBadge badge;
  private final Label facts = Nodes.label("", "card-facts");
  private final Label more = Nodes.label("", "card-facts");
  private final Label time = Nodes.whole(Nodes.label("", "card-time"));
  private final CheckBox check = new CheckBox();
  private final Graph cpu = new Graph(SPARKS);
  private final Graph memory = new Graph(SPARKS);
  private final HBox sparks;
  private final Button start;
  private final Button pause;
  private final Button stop;
  private Subscription following = Subscription.EMPTY;

  /** What a card tells of the choosing of several. */
  interface Choice {
    /** Whether a click chooses instead of opening. */
    boolean active();

    void toggle(VmItem item);

    void extend(VmItem item);
  }

  VmCard(VmItem first, Desk desk, VmVerbs verbs, Choice choice) {
    this.item = first;
    this.desk = desk;
    this.texts = desk.texts();
    this.choice = choice;
    this.badge = new StateBadge(texts);
    getStyleClass().add("vm-card");
    setFocusTraversable(true);
    check.setFocusTraversable(false);
    check.getStyleClass().add("card-check");
    check.setAccessibleText(texts.get("card.choose"));
    check.setOnAction(e -> choice.toggle(item()));
    StackPane screen = new StackPane(console, check);
    screen.getStyleClass().add("card-screen");
    StackPane.setAlignment(check, Pos.TOP_RIGHT);
    StackPane.setAlignment(console, Pos.BOTTOM_LEFT);
    start = Nodes.iconButton(texts.get("verb.start"), Icons.START, () -> startOrResume(verbs));
    pause = Nodes.iconButton(texts.get("verb.pause"), Icons.PAUSE, () -> verbs.pause(item.name()));
    stop = Nodes.iconButton(texts.get("verb.stop"), Icons.STOP, () -> verbs.stop(item.name()));
    cpu.getStyleClass().add("spark");
    memory.getStyleClass().addAll("spark", "spark-memory");
    cpu.setAccessibleText(texts.get("stats.cpu"));
    memory.setAccessibleText(texts.get("stats.memory"));
    sparks = Nodes.row("sparks", cpu, memory);
    HBox head = Nodes.row("card-head", name, Nodes.spacer(), badge);
    HBox foot = Nodes.row("card-foot", time, Nodes.spacer(), sparks, start, pause, stop);
    getChildren().addAll(screen, Nodes.column("card-body", head, facts, more, foot));
    setOnMousePressed(e -> requestFocus());
    setOnMouseClicked(this::clicked);
    setOnKeyPressed(
        e -> {
          if (e.getCode() == KeyCode.ENTER) {
            open();
            e.consume();
          } else if (e.getCode() == KeyCode.SPACE) {
            choice.toggle(item());
            e.consume();
          }
        });
    follow(first);
  }

  /** Shows another VM from now on: cards are used again while one scrolls. */
  void follow(VmItem other) {
    following.unsubscribe();
    item = other;
    clearUse();
    following = other.infoProperty().subscribe(this::show);
    showUse();
  }

  VmItem item() {
    return item;
  }

  private void clicked(MouseEvent event) {
    if (event.getButton() != MouseButton.PRIMARY) {
      return;
    }
    if (event.isShiftDown()) {
      choice.extend(item);
    } else if (event.isShortcutDown() || choice.active()) {
      choice.toggle(item);
    } else {
      open();
    }
  }

  void showChosen(boolean chosen, boolean choosing) {
    pseudoClassStateChanged(CHOSEN, chosen);
    check.setSelected(chosen);
    check.pseudoClassStateChanged(CHOSEN, choosing);
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
    String ports = VmFacts.ports(info.spec());
    facts.setText(VmFacts.line(info.spec(), texts) + (ports.isEmpty() ? "" : " · " + ports));
    String lines = Console.plain(info.lastConsoleLines(), LINES);
    boolean alive = info.state() == VmState.RUNNING || info.state() == VmState.PAUSED;
    String reason = info.reason();
    console.setText(
        info.state() == VmState.CRASHED && reason != null && lines.isBlank()
            ? reason
            : lines.isBlank() ? texts.get("card.noOutput") : lines);
    pseudoClassStateChanged(LIVE, alive);
    Nodes.visible(
        start,
        switch (info.state()) {
          case STOPPED, CRASHED, PAUSED -> true;
          case STARTING, RUNNING, STOPPING -> false;
        });
    Nodes.visible(pause, info.state() == VmState.RUNNING);
    Nodes.visible(stop, alive);
    sparks.setVisible(VmModel.isAlive(info.state()));
    tick();
  }

  /** Whether it runs for less than a minute, and so says the seconds. */
  boolean young() {
    Instant started = item.info().startedAt();
    return started != null
        && Duration.between(started, desk.clock().instant()).compareTo(Duration.ofMinutes(1)) < 0;
  }

  /** Writes the time anew, and what else changes by itself. */
  void tick() {
    Instant started = item.info().startedAt();
    Instant now = desk.clock().instant();
    time.setText(
        started != null
            ? texts.get("card.up", Format.uptime(Duration.between(started, now)))
            : texts.get(
                "card.created", Format.age(Duration.between(item.info().createdAt(), now), texts)));
    showMore();
  }

  private void showMore() {
    more.setText(VmFacts.snapshots(desk.sums().of(item, this::showMore), texts));
  }

  /** Reads what it uses; for cards that are seen. */
  void sample() {
    if (VmModel.isAlive(item.state())) {
      desk.stats().sample(item, this::showUse);
    }
  }

  private void clearUse() {
    cpu.show(1, List.of());
    memory.show(1, List.of());
  }

  private void showUse() {
    StatsHistory history = desk.stats().of(item.name());
    cpu.show(item.info().spec().cpus(), List.of(history.values(Point::cpus)));
    memory.show(
        (double) item.info().spec().memoryBytes(), List.of(history.values(Point::residentBytes)));
  }

  void close() {
    following.unsubscribe();
  }
}
