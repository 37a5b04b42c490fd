package io.vivarium.desktop.vm;

import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import io.vivarium.desktop.home.VmFacts;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.StateBadge;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.time.Instant;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.layout.HBox;
import org.kordamp.ikonli.Ikon;

/** The name and state of a VM and the verbs that its state allows. */
final class VmHeader extends HBox {
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
  private final MenuItem kill;
  private final MenuItem rename;

  VmHeader(VmItem item, Desk desk, VmVerbs verbs, Runnable takeSnapshot) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
    badge = Nodes.id(new StateBadge(texts), "vm-state");
    back =
        Nodes.iconButton(texts.get("verb.back"), Icons.BACK, () -> desk.navigator().go(Place.ALL));
    start = verb("vm-start", "verb.start", Icons.START, () -> verbs.start(item.name()));
    start.getStyleClass().add("accent");
    resume = verb("vm-resume", "verb.resume", Icons.START, () -> verbs.resume(item.name()));
    resume.getStyleClass().add("accent");
    pause = verb("vm-pause", "verb.pause", Icons.PAUSE, () -> verbs.pause(item.name()));
    stop = verb("vm-stop", "verb.stop", Icons.STOP, () -> verbs.stop(item.name()));
    force = verb("vm-force", "verb.force", Icons.KILL, () -> verbs.kill(item.name()));
    force.getStyleClass().add("danger");
    snapshot = verb("vm-snapshot", "verb.snapshot", Icons.SNAPSHOT, takeSnapshot);
    fork = verb("vm-fork", "verb.fork", Icons.FORK, () -> verbs.fork(item.name()));
    kill = menuItem("verb.kill", Icons.KILL, () -> verbs.kill(item.name()));
    rename = menuItem("verb.rename", Icons.RENAME, () -> verbs.rename(item.name(), () -> {}));
    MenuItem delete = menuItem("verb.delete", Icons.DELETE, () -> verbs.delete(item));
    MenuButton more = Nodes.id(new MenuButton("", Icons.of(Icons.MORE)), "vm-more");
    more.setAccessibleText(texts.get("verb.more"));
    more.getStyleClass().addAll("button-icon", "no-arrow");
    more.getItems().addAll(kill, new SeparatorMenuItem(), rename, delete);
    HBox title = Nodes.row("", name, badge);
    getStyleClass().addAll("row", "vm-header");
    getChildren()
        .addAll(
            back,
            Nodes.column("vm-title", title, facts),
            Nodes.spacer(),
            start,
            resume,
            pause,
            stop,
            force,
            snapshot,
            fork,
            more);
  }

  private Button verb(String id, String key, Ikon icon, Runnable action) {
    return Nodes.id(Nodes.button(texts.get(key), icon, action), id);
  }

  private MenuItem menuItem(String key, Ikon icon, Runnable action) {
    MenuItem entry = new MenuItem(texts.get(key), Icons.of(icon));
    entry.setOnAction(e -> action.run());
    return entry;
  }

  void show(VmInfo info) {
    VmState state = info.state();
    name.setText(info.name());
    badge.show(state);
    Nodes.visible(start, state == VmState.STOPPED || state == VmState.CRASHED);
    Nodes.visible(resume, state == VmState.PAUSED);
    Nodes.visible(pause, state == VmState.RUNNING);
    Nodes.visible(stop, state == VmState.RUNNING || state == VmState.PAUSED);
    Nodes.visible(force, state == VmState.STOPPING);
    snapshot.setDisable(state == VmState.STARTING || state == VmState.STOPPING);
    fork.setDisable(state != VmState.RUNNING && state != VmState.PAUSED);
    kill.setDisable(!VmModel.isAlive(state));
    rename.setDisable(VmModel.isAlive(state));
    tick();
  }

  void tick() {
    VmInfo info = item.info();
    String line = VmFacts.line(info.spec(), texts);
    Instant started = info.startedAt();
    if (started != null) {
      line +=
          " · "
              + texts.get(
                  "card.up", Format.span(Duration.between(started, desk.clock().instant())));
    }
    facts.setText(line);
  }

  void focusFirst() {
    back.requestFocus();
  }
}
