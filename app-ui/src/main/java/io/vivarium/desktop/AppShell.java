package io.vivarium.desktop;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import io.vivarium.desktop.check.HostPage;
import io.vivarium.desktop.check.RoomWatch;
import io.vivarium.desktop.home.HomePage;
import io.vivarium.desktop.images.ImagesPage;
import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.jobs.Jobs;
import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.model.HostLimits;
import io.vivarium.desktop.model.SnapshotSums;
import io.vivarium.desktop.model.StatsModel;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.palette.Palette;
import io.vivarium.desktop.shell.ShellFrame;
import io.vivarium.desktop.trash.TrashPage;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Navigator;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.ui.Ticker;
import io.vivarium.desktop.vm.VmPage;
import io.vivarium.desktop.vm.VmVerbs;
import io.vivarium.desktop.wizard.WizardPage;
import io.vivarium.desktop.wizard.WizardStart;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javafx.application.Platform;
import javafx.collections.FXCollections;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;
import javafx.scene.Parent;
import javafx.scene.Scene;
import javafx.scene.input.DragEvent;
import javafx.scene.input.TransferMode;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.jspecify.annotations.Nullable;

/** The window's content: puts the parts together and leads from page to page. */
public final class AppShell implements Navigator, AutoCloseable {
  /** Beats between two readings of the list: for console lines, which no watch tells. */
  private static final int REFRESH_BEATS = 5;

  private final Texts texts;
  private final Jobs jobs;
  private final VmModel vms;
  private final Ticker ticker = new Ticker();
  private final ShellFrame frame;
  private final Desk desk;
  private final VmVerbs verbs;
  private final LookCommands looks;
  private final RoomWatch room;
  private final Map<String, VmWindow> windows = new HashMap<>();
  private @Nullable Page page;
  private @Nullable String awaitedVm;
  private int beats;

  public AppShell(
      Vivarium vivarium, Texts texts, DesktopState state, HostLimits limits, InstantSource clock) {
    this.texts = texts;
    jobs = new Jobs(Platform::runLater, clock, texts.get("error.internal.cure"));
    vms = new VmModel(vivarium, jobs);
    ObservableList<Banner> banners = FXCollections.observableArrayList();
    frame = new ShellFrame(texts, banners, jobs.all(), ticker, clock, this::go, this::openPalette);
    desk =
        new Desk(
            vivarium,
            jobs,
            vms,
            new StatsModel(vivarium, jobs),
            new SnapshotSums(vivarium, jobs),
            state,
            texts,
            this,
            frame.window().dialogs(),
            banners,
            frame.window().toasts(),
            ticker,
            limits,
            clock);
    verbs = new VmVerbs(desk);
    looks = new LookCommands(texts, state, this::scenes);
    room = new RoomWatch(desk, this::showSpace);
    jobs.onFailure(this::jobFailed);
    vms.troubleProperty().subscribe(this::listFailed);
    vms.items().addListener((ListChangeListener<VmItem>) change -> listChanged());
    ticker.add(this::beat);
  }

  /** The root of the scene. */
  public Parent root() {
    return frame.root();
  }

  public Desk desk() {
    return desk;
  }

  /** Begins: reads the list, shows the home page, takes the keys of the scene. */
  public void open(Scene scene) {
    frame.window().takeKeys(scene, this::commands);
    frame.root().setOnDragOver(this::dragged);
    frame.root().setOnDragDropped(this::dropped);
    vms.open();
    go(Place.ALL);
    ticker.run(true);
  }

  private void dragged(DragEvent event) {
    if (event.getDragboard().hasFiles()) {
      event.acceptTransferModes(TransferMode.COPY);
      event.consume();
    }
  }

  /** A file that is dropped anywhere begins a VM of it. */
  private void dropped(DragEvent event) {
    if (event.getDragboard().hasFiles()) {
      openWizard(WizardStart.file(event.getDragboard().getFiles().getFirst().toPath()));
      event.setDropCompleted(true);
      event.consume();
    }
  }

  /** Whether the window is seen; unseen, nothing ticks. */
  public void seen(boolean seen) {
    ticker.run(seen || !windows.isEmpty());
    if (seen) {
      vms.refresh();
    }
  }

  private void beat() {
    beats = (beats + 1) % REFRESH_BEATS;
    if (beats == 0) {
      vms.refresh();
    }
    frame.count(vms);
    room.beat();
  }

  /** The list of VMs, with what takes most space first. */
  private void showSpace() {
    desk.state().setHomeTable(true);
    HomePage home = new HomePage(desk, Place.ALL);
    show(home);
    home.sortBySpace();
  }

  private void listChanged() {
    frame.count(vms);
    String awaited = awaitedVm;
    if (awaited != null && vms.find(awaited).isPresent()) {
      awaitedVm = null;
      Platform.runLater(() -> openVm(awaited));
    }
  }

  @Override
  public void go(Place place) {
    show(
        switch (place) {
          case ALL, RUNNING, DISPOSABLE -> new HomePage(desk, place);
          case IMAGES -> new ImagesPage(desk);
          case HOST -> new HostPage(desk);
          case TRASH -> new TrashPage(desk);
        });
  }

  @Override
  public void openVm(String name) {
    VmWindow window = windows.get(name);
    if (window != null) {
      window.toFront();
      return;
    }
    vms.find(name)
        .ifPresentOrElse(
            item -> {
              awaitedVm = null;
              show(new VmPage(desk, item, false));
            },
            () -> {
              awaitedVm = name;
              vms.refresh();
            });
  }

  @Override
  public void detachVm(String name) {
    vms.find(name)
        .ifPresent(
            item -> {
              if (page instanceof VmPage shown && shown.vmName().equals(name)) {
                go(Place.ALL);
              }
              windows.computeIfAbsent(
                  name, key -> new VmWindow(desk, item, this, () -> windows.remove(key)));
            });
  }

  @Override
  public void openSnapshot(String vm, String id) {
    openVm(vm);
    VmWindow window = windows.get(vm);
    if (window != null) {
      window.openSnapshot(vm, id);
    } else if (page instanceof VmPage shown && shown.vmName().equals(vm)) {
      shown.showSnapshot(id);
    }
  }

  /** Those of all windows. */
  private List<Scene> scenes() {
    List<Scene> all = new ArrayList<>(windows.values().stream().map(VmWindow::scene).toList());
    all.add(frame.root().getScene());
    return all;
  }

  @Override
  public void openWizard(WizardStart start) {
    show(new WizardPage(desk, start));
  }

  @Override
  public boolean shows(Page asked) {
    return asked.equals(page);
  }

  @Override
  public void toggleActivity() {
    frame.toggleActivity();
  }

  /** For tests: where the user is. */
  @Nullable Place place() {
    return page == null ? null : page.place();
  }

  private void show(Page next) {
    Page last = page;
    page = next;
    if (last != null) {
      last.closed();
    }
    frame.show(next);
    next.opened();
    if (!frame.walking()) {
      next.takeFocus();
    }
  }

  private void openPalette() {
    List<Command> all = new ArrayList<>(commands());
    for (VmItem item : vms.items()) {
      all.addAll(verbs.commands(item));
    }
    Palette palette = new Palette(all, desk.dialogs(), texts);
    palette.open();
    jobs.read(this::snapshotCommands, palette::add, why -> {});
  }

  /** All snapshots of all VMs, to go to; reads, so not on the interface thread. */
  private List<Command> snapshotCommands() throws VivariumException {
    List<Command> all = new ArrayList<>();
    for (VmInfo vm : desk.vivarium().list()) {
      for (SnapshotInfo snapshot : desk.vivarium().snapshots(vm.name())) {
        all.add(
            Command.of(
                texts.get("palette.snapshot", snapshot.name()),
                vm.name(),
                Icons.TIMELINE,
                () -> openSnapshot(vm.name(), snapshot.id())));
      }
    }
    return all;
  }

  private List<Command> commands() {
    List<Command> all = new ArrayList<>();
    Page shown = page;
    if (shown != null) {
      all.addAll(shown.commands());
    }
    all.add(
        Command.of(
            texts.get("verb.new"), "", Icons.NEW, "Ctrl+N", () -> openWizard(WizardStart.GALLERY)));
    all.add(Command.of(texts.get("verb.palette"), "", Icons.COMMAND, "Ctrl+K", this::openPalette));
    all.add(
        Command.of(texts.get("verb.activity"), "", Icons.ACTIVITY, "Ctrl+J", this::toggleActivity));
    all.add(
        Command.of(
            texts.get("verb.fullScreen"), "", Icons.FULL_SCREEN, "F11", this::toggleFullScreen));
    all.addAll(looks.all());
    for (Place place : Place.values()) {
      all.add(
          Command.of(
              texts.get("rail." + place), texts.get("palette.place"), Icons.OPEN, () -> go(place)));
    }
    return all;
  }

  private void toggleFullScreen() {
    Window window = frame.root().getScene().getWindow();
    if (window instanceof Stage stage) {
      stage.setFullScreen(!stage.isFullScreen());
    }
  }

  private void jobFailed(Job job) {
    VivariumException why = job.failure();
    if (why != null) {
      desk.banners()
          .add(
              Banner.error(job.title() + ": " + why.getMessage(), why.cure())
                  .with(texts.get("check.details"), frame::showActivity));
    }
    vms.refresh();
  }

  private void listFailed(@Nullable VivariumException why) {
    if (why != null) {
      Banner banner = Banner.error(String.valueOf(why.getMessage()), why.cure());
      if (!desk.banners().contains(banner)) {
        desk.banners().add(banner);
      }
    }
  }

  @Override
  public void close() {
    Page last = page;
    if (last != null) {
      last.closed();
    }
    List.copyOf(windows.values()).forEach(VmWindow::close);
    ticker.run(false);
    vms.close();
    jobs.close();
  }
}
