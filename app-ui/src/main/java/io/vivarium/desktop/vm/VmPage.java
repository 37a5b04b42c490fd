package io.vivarium.desktop.vm;

import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.timeline.TimelineTab;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javafx.collections.ListChangeListener;
import javafx.scene.Node;
import javafx.scene.control.Tab;
import javafx.scene.control.TabPane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import javafx.util.Subscription;
import org.kordamp.ikonli.Ikon;

/** Everything about one VM. */
public final class VmPage implements Page {
  private final Desk desk;
  private final Texts texts;
  private final VmItem item;
  private final VmVerbs verbs;
  private final VmHeader header;
  private final ConsoleTab console;
  private final TimelineTab timeline;
  private final DetailsTab details;
  private final LogTab log;
  private final TabPane tabs = new TabPane();
  private final VBox node;
  private final Runnable tick = this::tick;
  private final ListChangeListener<VmItem> gone = change -> leaveIfGone();
  private Subscription following = Subscription.EMPTY;

  public VmPage(Desk desk, VmItem item) {
    this.desk = desk;
    this.texts = desk.texts();
    this.item = item;
    verbs = new VmVerbs(desk);
    console = new ConsoleTab(item, desk);
    timeline = new TimelineTab(item, desk, console::reconnect);
    details = new DetailsTab(item, desk);
    log = new LogTab(item, desk);
    header = new VmHeader(item, desk, verbs, this::snapshot);
    tabs.setTabClosingPolicy(TabPane.TabClosingPolicy.UNAVAILABLE);
    tabs.setId("vm-tabs");
    tabs.getTabs()
        .addAll(
            tab("tab.console", Icons.TERMINAL, console),
            tab("tab.timeline", Icons.TIMELINE, timeline),
            tab("tab.details", Icons.NOTE, details),
            tab("tab.log", Icons.LIST, log));
    VBox.setVgrow(tabs, Priority.ALWAYS);
    node = new VBox(header, tabs);
    node.getStyleClass().add("vm-page");
    tabs.getSelectionModel().selectedItemProperty().subscribe(this::tabChosen);
  }

  private Tab tab(String key, Ikon icon, Node content) {
    Tab tab = new Tab(texts.get(key), content);
    tab.setGraphic(Icons.of(icon));
    tab.setId(key.replace('.', '-'));
    return tab;
  }

  /** The name of the VM that is shown. */
  public String vmName() {
    return item.name();
  }

  @Override
  public Node node() {
    return node;
  }

  @Override
  public Place place() {
    return Place.ALL;
  }

  @Override
  public void opened() {
    following = item.infoProperty().subscribe(this::follow);
    desk.vms().items().addListener(gone);
    desk.ticker().add(tick);
    timeline.refresh();
    console.focusTerminal();
  }

  @Override
  public void closed() {
    following.unsubscribe();
    desk.vms().items().removeListener(gone);
    desk.ticker().remove(tick);
    console.close();
  }

  private void follow(VmInfo info) {
    header.show(info);
    console.follow(info);
    timeline.follow();
    details.follow(info);
  }

  private void leaveIfGone() {
    if (!desk.vms().items().contains(item)) {
      Optional<VmItem> again = desk.vms().find(item.name());
      if (again.isPresent()) {
        desk.navigator().openVm(item.name());
      } else {
        desk.navigator().go(Place.ALL);
      }
    }
  }

  private void tabChosen(Tab tab) {
    if (tab.getContent() == console) {
      console.focusTerminal();
    } else if (tab.getContent() == timeline) {
      timeline.refresh();
      timeline.focusList();
    } else if (tab.getContent() == details) {
      details.sample();
    } else if (tab.getContent() == log) {
      log.refresh();
    }
  }

  private void tick() {
    header.tick();
    if (shows(details)) {
      details.sample();
    } else if (shows(timeline)) {
      timeline.tick();
    }
  }

  private boolean shows(Node content) {
    return content.equals(tabs.getSelectionModel().getSelectedItem().getContent());
  }

  private void snapshot() {
    timeline.take();
  }

  private void show(int tab) {
    tabs.getSelectionModel().select(tab);
    if (tab == 0) {
      console.focusTerminal();
    } else {
      tabs.requestFocus();
    }
  }

  @Override
  public List<Command> commands() {
    String name = item.name();
    VmState state = item.state();
    List<Command> all = new ArrayList<>();
    all.add(Command.of(texts.get("verb.snapshot"), name, Icons.SNAPSHOT, "Ctrl+S", this::snapshot));
    all.add(
        Command.of(
            texts.get("verb.back"),
            "",
            Icons.BACK,
            "Alt+Left",
            () -> desk.navigator().go(Place.ALL)));
    all.add(Command.of(texts.get("verb.leaveTerminal"), "", Icons.COMMAND, "F6", this::otherPane));
    all.add(Command.of(texts.get("verb.undo"), name, Icons.UNDO, "Ctrl+Z", timeline::undo));
    if (shows(timeline)) {
      all.addAll(timeline.commands());
      all.add(
          Command.of(texts.get("verb.find"), "", Icons.SEARCH, "Ctrl+F", timeline::focusSearch));
    } else if (!VmModel.isAlive(state)) {
      all.add(
          Command.of(
              texts.get("verb.rename"),
              name,
              Icons.RENAME,
              "F2",
              () -> verbs.rename(name, () -> {})));
      all.add(
          Command.of(
              texts.get("verb.delete"), name, Icons.DELETE, "Delete", () -> verbs.delete(item)));
    }
    all.add(Command.of(texts.get("tab.console"), name, Icons.TERMINAL, "Ctrl+1", () -> show(0)));
    all.add(Command.of(texts.get("tab.timeline"), name, Icons.TIMELINE, "Ctrl+2", () -> show(1)));
    all.add(Command.of(texts.get("tab.details"), name, Icons.NOTE, "Ctrl+3", () -> show(2)));
    all.add(Command.of(texts.get("tab.log"), name, Icons.LIST, "Ctrl+4", () -> show(3)));
    return all;
  }

  /** The way out of the terminal for the keyboard, and back. */
  private void otherPane() {
    if (console.isFocusWithin()) {
      header.focusFirst();
    } else {
      show(0);
    }
  }
}
