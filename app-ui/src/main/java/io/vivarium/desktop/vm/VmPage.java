package io.vivarium.desktop.vm;

import io.vivarium.client.VmInfo;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.timeline.TimelineTab;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
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
  private record Entry(String key, Ikon icon, VmTab tab) {}

  private final Desk desk;
  private final Texts texts;
  private final VmItem item;
  private final VmVerbs verbs;
  private final VmHeader header;
  private final ConsoleTab console;
  private final TimelineTab timeline;
  private final List<Entry> entries;
  private final TabPane tabs = new TabPane();
  private final VBox node;
  private final Runnable tick = this::tick;
  private final ListChangeListener<VmItem> gone = change -> leaveIfGone();
  private final boolean detached;
  private Subscription following = Subscription.EMPTY;

  /**
   * @param detached whether it stands in a window of its own
   */
  public VmPage(Desk desk, VmItem item, boolean detached) {
    this.desk = desk;
    this.texts = desk.texts();
    this.item = item;
    this.detached = detached;
    verbs = new VmVerbs(desk);
    console = new ConsoleTab(item, desk);
    timeline = new TimelineTab(item, desk, console::reconnect);
    entries =
        List.of(
            new Entry("tab.console", Icons.TERMINAL, console),
            new Entry("tab.timeline", Icons.TIMELINE, new Timeline()),
            new Entry("tab.disks", Icons.DISK, new DisksTab(item, desk)),
            new Entry("tab.network", Icons.NETWORK, new NetworkTab(item, desk)),
            new Entry("tab.stats", Icons.STATS, new StatsTab(item, desk)),
            new Entry("tab.settings", Icons.SETTINGS, new SettingsTab(item, desk, verbs)),
            new Entry("tab.log", Icons.LIST, new LogTab(item, desk)));
    header = new VmHeader(item, desk, verbs, timeline::take, detached);
    tabs.setTabClosingPolicy(TabPane.TabClosingPolicy.UNAVAILABLE);
    tabs.setId("vm-tabs");
    for (Entry entry : entries) {
      tabs.getTabs().add(tab(entry));
    }
    VBox.setVgrow(tabs, Priority.ALWAYS);
    node = new VBox(header, tabs);
    node.getStyleClass().add("vm-page");
    tabs.getSelectionModel().selectedIndexProperty().subscribe(index -> shown().shown());
  }

  /** The timeline stands in another package and knows nothing of tabs. */
  private final class Timeline implements VmTab {
    @Override
    public void follow(VmInfo info) {
      timeline.follow();
    }

    @Override
    public void shown() {
      timeline.refresh();
      timeline.focusList();
    }

    @Override
    public void tick() {
      timeline.tick();
    }

    @Override
    public List<Command> commands() {
      List<Command> all = new ArrayList<>(timeline.commands());
      all.add(
          Command.of(texts.get("verb.find"), "", Icons.SEARCH, "Ctrl+F", timeline::focusSearch));
      return all;
    }
  }

  private Tab tab(Entry entry) {
    Node content = entry.tab instanceof Node own ? own : timeline;
    Tab tab = new Tab(texts.get(entry.key), content);
    tab.setGraphic(Icons.of(entry.icon));
    tab.setId(entry.key.replace('.', '-'));
    return tab;
  }

  /** The tab that is shown. */
  private VmTab shown() {
    return entries.get(Math.max(0, tabs.getSelectionModel().getSelectedIndex())).tab;
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
    shown().shown();
  }

  @Override
  public void closed() {
    following.unsubscribe();
    desk.vms().items().removeListener(gone);
    desk.ticker().remove(tick);
    entries.forEach(entry -> entry.tab.close());
  }

  private void follow(VmInfo info) {
    header.show(info);
    entries.forEach(entry -> entry.tab.follow(info));
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

  private void tick() {
    header.tick();
    shown().tick();
  }

  /** Shows a snapshot in the timeline. */
  public void showSnapshot(String id) {
    tabs.getSelectionModel().select(1);
    timeline.chooseWhenRead(id);
  }

  private void show(int tab) {
    if (tabs.getSelectionModel().getSelectedIndex() == tab) {
      shown().shown();
    } else {
      tabs.getSelectionModel().select(tab);
    }
    if (tab > 1) {
      tabs.requestFocus();
    }
  }

  @Override
  public List<Command> commands() {
    String name = item.name();
    List<Command> all = new ArrayList<>();
    all.add(Command.of(texts.get("verb.snapshot"), name, Icons.SNAPSHOT, "Ctrl+S", timeline::take));
    all.add(Command.of(texts.get("verb.undo"), name, Icons.UNDO, "Ctrl+Z", timeline::undo));
    if (detached) {
      all.add(
          Command.of(
              texts.get("verb.attachWindow"),
              name,
              Icons.OPEN,
              "Ctrl+W",
              () -> desk.navigator().go(Place.ALL)));
    } else {
      all.add(
          Command.of(
              texts.get("verb.back"),
              "",
              Icons.BACK,
              "Alt+Left",
              () -> desk.navigator().go(Place.ALL)));
      all.add(
          Command.of(
              texts.get("verb.detachWindow"),
              name,
              Icons.DETACH_WINDOW,
              "Ctrl+D",
              () -> desk.navigator().detachVm(name)));
    }
    all.add(Command.of(texts.get("verb.leaveTerminal"), "", Icons.COMMAND, "F6", this::otherPane));
    all.addAll(shown().commands());
    if (tabs.getSelectionModel().getSelectedIndex() != 1) {
      all.addAll(ownKeys());
    }
    for (int i = 0; i < entries.size(); i++) {
      int tab = i;
      Entry entry = entries.get(i);
      all.add(
          Command.of(texts.get(entry.key), name, entry.icon, "Ctrl+" + (i + 1), () -> show(tab)));
    }
    return all;
  }

  /** F2 and Delete, which in the timeline are for the chosen snapshot. */
  private List<Command> ownKeys() {
    String name = item.name();
    if (VmModel.isAlive(item.state())) {
      return List.of();
    }
    return List.of(
        Command.of(
            texts.get("verb.rename"), name, Icons.RENAME, "F2", () -> verbs.rename(name, () -> {})),
        Command.of(
            texts.get("verb.delete"), name, Icons.DELETE, "Delete", () -> verbs.delete(item)));
  }

  /** The way out of the terminal for the keyboard, and back. */
  private void otherPane() {
    if (console.isFocusWithin()) {
      header.focusFirst();
    } else {
      show(0);
      Nodes.focus(console);
      console.focusTerminal();
    }
  }
}
