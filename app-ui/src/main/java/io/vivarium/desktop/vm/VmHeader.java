package io.vivarium.desktop.vm;

import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import io.vivarium.desktop.home.VmFacts;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Narrow;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.StateBadge;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContentDisplay;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.Ikon;

/**
 * The name and state of a VM and the verbs that its state allows. Where there is little room, the
 * verbs are icons only.
 */
final class VmHeader extends HBox {
  /** Width in em below which the verbs have no words. */
  private static final double ROOM_FOR_WORDS = 66;

  private final VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final Label name = Nodes.id(Nodes.label("", "page-title"), "vm-name");
  private final Label facts = Nodes.label("", "muted");
  private final StateBadge badge;
  private final Button back;
  private final Button start;
  private final Button pause;
  private final Button resume;
  private final Button stop;
  private final Button force;
  private final Button snapshot;
  private final Button fork;
  private final Button save;
  private final Button proceed;
  private final HBox buttons;
  private final MenuItem kill;
  private final MenuItem rename;
  private final MenuItem keep;
  private @Nullable String savedOf;

  VmHeader(VmItem item, Desk desk, VmVerbs verbs, Runnable takeSnapshot, boolean detached) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
    badge = Nodes.id(new StateBadge(texts), "vm-state");
    back =
        Nodes.iconButton(texts.get("verb.back"), Icons.BACK, () -> desk.navigator().go(Place.ALL));
    Nodes.visible(back, !detached);
    proceed = verb("vm-proceed", "verb.proceed", Icons.START, () -> verbs.proceed(item));
    proceed.getStyleClass().add("accent");
    start = verb("vm-start", "verb.start", Icons.START, () -> verbs.start(item.name()));
    resume = verb("vm-resume", "verb.resume", Icons.START, () -> verbs.resume(item.name()));
    resume.getStyleClass().add("accent");
    pause = verb("vm-pause", "verb.pause", Icons.PAUSE, () -> verbs.pause(item.name()));
    save = verb("vm-save", "verb.save", Icons.KEEP, () -> verbs.save(item));
    stop = verb("vm-stop", "verb.stop", Icons.STOP, () -> verbs.stop(item.name()));
    force = verb("vm-force", "verb.force", Icons.KILL, () -> verbs.kill(item.name()));
    force.getStyleClass().add("danger");
    snapshot = verb("vm-snapshot", "verb.snapshot", Icons.SNAPSHOT, takeSnapshot);
    fork = verb("vm-fork", "verb.fork", Icons.FORK, () -> verbs.fork(item.name()));
    kill = menuItem("verb.kill", Icons.KILL, () -> verbs.kill(item.name()));
    keep = menuItem("verb.keep", Icons.KEEP, () -> verbs.keep(item.name()));
    rename = menuItem("verb.rename", Icons.RENAME, () -> verbs.rename(item.name(), () -> {}));
    MenuItem delete = menuItem("verb.delete", Icons.DELETE, () -> verbs.delete(item));
    MenuItem window =
        detached
            ? menuItem("verb.attachWindow", Icons.OPEN, () -> desk.navigator().go(Place.ALL))
            : menuItem(
                "verb.detachWindow",
                Icons.DETACH_WINDOW,
                () -> desk.navigator().detachVm(item.name()));
    MenuButton more = Nodes.id(new MenuButton("", Icons.of(Icons.MORE)), "vm-more");
    more.setAccessibleText(texts.get("verb.more"));
    more.getStyleClass().addAll("button-icon", "no-arrow");
    more.getItems()
        .addAll(
            window, new SeparatorMenuItem(), kill, keep, new SeparatorMenuItem(), rename, delete);
    Node title = Nodes.flow(name, badge);
    VBox words = Nodes.column("vm-title", title, facts);
    words.setMinWidth(0);
    // Long ones end in dots, and are whole in their tooltips.
    name.maxWidthProperty().bind(words.widthProperty());
    for (Label label : List.of(name, facts)) {
      Tooltip whole = new Tooltip();
      whole.textProperty().bind(label.textProperty());
      label.setTooltip(whole);
    }
    HBox.setHgrow(words, Priority.ALWAYS);
    buttons =
        Nodes.row(
            "vm-verbs", proceed, start, resume, pause, save, stop, force, snapshot, fork, more);
    buttons.setMinWidth(USE_PREF_SIZE);
    getStyleClass().addAll("row", "vm-header");
    getChildren().addAll(back, words, buttons);
    Narrow.watch(this, ROOM_FOR_WORDS, this::fit);
  }

  private Button verb(String id, String key, Ikon icon, Runnable action) {
    Button button = Nodes.id(Nodes.button(texts.get(key), icon, action), id);
    button.setTooltip(new Tooltip(texts.get(key)));
    return button;
  }

  private MenuItem menuItem(String key, Ikon icon, Runnable action) {
    MenuItem entry = new MenuItem(texts.get(key), Icons.of(icon));
    entry.setOnAction(e -> action.run());
    return entry;
  }

  private void fit(boolean narrow) {
    for (Node node : buttons.getChildren()) {
      if (node instanceof Button button) {
        button.setContentDisplay(narrow ? ContentDisplay.GRAPHIC_ONLY : ContentDisplay.LEFT);
      }
    }
  }

  void show(VmInfo info) {
    VmState state = info.state();
    boolean off = state == VmState.STOPPED || state == VmState.CRASHED;
    boolean on = state == VmState.RUNNING || state == VmState.PAUSED;
    name.setText(info.name());
    badge.show(state);
    Nodes.visible(start, off);
    Nodes.visible(resume, state == VmState.PAUSED);
    Nodes.visible(pause, state == VmState.RUNNING);
    Nodes.visible(save, on);
    Nodes.visible(stop, on);
    Nodes.visible(force, state == VmState.STOPPING);
    Nodes.visible(fork, on);
    snapshot.setDisable(state == VmState.STARTING || state == VmState.STOPPING);
    kill.setDisable(!VmModel.isAlive(state));
    rename.setDisable(VmModel.isAlive(state));
    keep.setVisible(info.spec().disposable());
    findSaved(state == VmState.STOPPED ? info.snapshot() : null);
    tick();
  }

  /** Offers to go on where the VM was saved, when it is stopped at such a snapshot. */
  private void findSaved(@Nullable String id) {
    if (id == null || !id.equals(savedOf)) {
      showSaved(false);
    }
    if (id != null && !id.equals(savedOf)) {
      desk.jobs()
          .read(
              () -> desk.vivarium().snapshots(item.name()),
              all -> showSaved(all.stream().anyMatch(one -> VmVerbs.isSavedState(one, id))),
              why -> {});
    }
    savedOf = id;
  }

  private void showSaved(boolean saved) {
    Nodes.visible(proceed, saved);
    start.getStyleClass().remove("accent");
    if (!saved) {
      start.getStyleClass().add("accent");
    }
  }

  void tick() {
    VmInfo info = item.info();
    String line = VmFacts.line(info.spec(), texts);
    Instant started = info.startedAt();
    if (started != null) {
      line +=
          " · "
              + texts.get(
                  "card.up", Format.uptime(Duration.between(started, desk.clock().instant())));
    }
    facts.setText(line);
  }

  void focusFirst() {
    back.requestFocus();
  }
}
