package io.vivarium.desktop.timeline;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Console;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import javafx.collections.ObservableList;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextArea;
import javafx.scene.input.KeyCode;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/** What is known of the chosen snapshot, its note to write into, and its verbs. */
final class SnapshotPanel extends VBox {
  private static final int LINES = 14;

  private final Texts texts;
  private final InstantSource clock;
  private final SnapshotMenu menu;
  private final BiConsumer<SnapshotInfo, String> onNote;
  private final TextArea note = Nodes.id(new TextArea(), "snapshot-note");
  private final VBox told = new VBox();
  private final VBox verbs = new VBox();
  private @Nullable SnapshotInfo shown;

  SnapshotPanel(
      Texts texts,
      InstantSource clock,
      SnapshotMenu menu,
      BiConsumer<SnapshotInfo, String> onNote) {
    this.texts = texts;
    this.clock = clock;
    this.menu = menu;
    this.onNote = onNote;
    ScrollPane scroll = new ScrollPane(told);
    scroll.setFitToWidth(true);
    scroll.setFitToHeight(true);
    scroll.getStyleClass().add("edge-to-edge");
    VBox.setVgrow(scroll, Priority.ALWAYS);
    told.getStyleClass().addAll("column", "snapshot-told");
    // The verbs stay in view however low the window is.
    getStyleClass().addAll("column", "snapshot-panel");
    getChildren().addAll(scroll, verbs);
    note.setPromptText(texts.get("snapshots.note.prompt"));
    note.setAccessibleText(texts.get("snapshots.note"));
    note.setPrefRowCount(2);
    note.setWrapText(true);
    note.focusedProperty()
        .subscribe(
            focused -> {
              if (!focused) {
                keepNote();
              }
            });
    note.setOnKeyPressed(
        e -> {
          if (e.getCode() == KeyCode.ENTER && e.isControlDown()) {
            keepNote();
            e.consume();
          } else if (e.getCode() == KeyCode.ESCAPE && shown != null) {
            note.setText(shown.note());
            e.consume();
          }
        });
  }

  private void keepNote() {
    SnapshotInfo of = shown;
    if (of != null && !note.getText().strip().equals(of.note().strip())) {
      onNote.accept(of, note.getText().strip());
    }
  }

  void show(SnapshotInfo snapshot) {
    boolean same = shown != null && shown.id().equals(snapshot.id());
    if (!same) {
      keepNote();
    }
    if (!same || !note.isFocused()) {
      note.setText(snapshot.note());
    }
    if (snapshot.equals(shown)) {
      return;
    }
    boolean sameVerbs = shown != null && verbsAreAlike(shown, snapshot);
    shown = snapshot;
    if (!sameVerbs) {
      // Its bytes change while it is looked at; buttons made anew each time would lose a click.
      verbs.getChildren().setAll(buttons(snapshot));
    }
    ObservableList<Node> all = told.getChildren();
    if (all.isEmpty()) {
      all.add(note);
    }
    // Taken out and put back, the note would lose the keyboard.
    all.retainAll(note);
    all.addFirst(head(snapshot));
    if (snapshot.damage() != null) {
      all.add(Nodes.paragraph(snapshot.damage(), "field-problem"));
    }
    all.add(facts(snapshot));
    all.add(screen(snapshot));
  }

  private static boolean verbsAreAlike(SnapshotInfo one, SnapshotInfo other) {
    return one.id().equals(other.id())
        && one.name().equals(other.name())
        && one.note().equals(other.note())
        && one.live() == other.live()
        && one.pinned() == other.pinned()
        && Objects.equals(one.damage(), other.damage());
  }

  private Node head(SnapshotInfo snapshot) {
    Label name = Nodes.id(Nodes.paragraph(snapshot.name(), "section-title"), "snapshot-title");
    var chips = Nodes.row("chips", chip(snapshot.live() ? "snapshots.live" : "snapshots.disk"));
    if (snapshot.automatic()) {
      chips.getChildren().add(chip("timeline.automatic"));
    }
    if (snapshot.pinned()) {
      chips.getChildren().add(chip("timeline.pinned"));
    }
    return Nodes.column("", name, chips);
  }

  private Label chip(String key) {
    return Nodes.label(texts.get(key), "chip");
  }

  private Node facts(SnapshotInfo snapshot) {
    String when =
        DateTimeFormatter.ofLocalizedDateTime(FormatStyle.MEDIUM, FormatStyle.SHORT)
            .withLocale(texts.locale())
            .withZone(ZoneId.systemDefault())
            .format(snapshot.takenAt());
    String age = Format.age(Duration.between(snapshot.takenAt(), clock.instant()), texts);
    GridPane facts = Nodes.facts();
    fact(facts, "snapshots.taken", when + " · " + age);
    fact(facts, "snapshots.frees", Format.bytes(snapshot.ownBytes()));
    fact(facts, "snapshots.shared", Format.bytes(snapshot.sharedBytes()));
    return facts;
  }

  private void fact(GridPane facts, String key, String value) {
    facts.addRow(
        facts.getRowCount(), Nodes.label(texts.get(key), "muted"), Nodes.paragraph(value, "fact"));
  }

  private Node screen(SnapshotInfo snapshot) {
    String console = Console.plain(snapshot.lastConsoleLines(), LINES);
    Label lines =
        Nodes.label(console.isBlank() ? texts.get("snapshots.noConsole") : console, "card-console");
    VBox screen = Nodes.column("card-screen", lines);
    screen.getStyleClass().add("snapshot-screen");
    screen.setAccessibleText(texts.get("snapshots.console"));
    VBox.setVgrow(screen, Priority.ALWAYS);
    return screen;
  }

  private Node buttons(SnapshotInfo snapshot) {
    List<Command> commands = menu.commands(snapshot);
    Button restore = button("snapshot-restore", commands.get(0), snapshot);
    restore.getStyleClass().add("accent");
    Button second = button("snapshot-switch", commands.get(1), snapshot);
    HBox last = Nodes.row("");
    if (snapshot.live()) {
      last.getChildren().add(button("snapshot-fork", commands.get(2), snapshot));
    }
    Button delete =
        Nodes.id(
            Nodes.iconButton(
                texts.get("snapshots.delete"), Icons.DELETE, commands.getLast().action()),
            "snapshot-delete");
    MenuButton more = Nodes.id(new MenuButton("", Icons.of(Icons.MORE)), "snapshot-more");
    more.setAccessibleText(texts.get("verb.more"));
    more.getStyleClass().addAll("button-icon", "no-arrow", "flat");
    more.getItems().setAll(menu.items(snapshot));
    last.getChildren().addAll(Nodes.spacer(), delete, more);
    return Nodes.column(
        "",
        Nodes.row("", restore, second),
        last,
        Nodes.paragraph(texts.get("snapshots.restore.text"), "muted", "small-text"));
  }

  private static Button button(String id, Command command, SnapshotInfo of) {
    Button button = Nodes.id(Nodes.button(command.title(), command.icon(), command.action()), id);
    button.setDisable(of.damage() != null);
    return button;
  }
}
