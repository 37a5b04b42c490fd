package io.vivarium.desktop;

import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.palette.Palette;
import io.vivarium.desktop.shell.WindowFrame;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Navigator;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.vm.VmPage;
import io.vivarium.desktop.vm.VmVerbs;
import io.vivarium.desktop.wizard.WizardStart;
import java.util.ArrayList;
import java.util.List;
import javafx.scene.Scene;
import javafx.stage.Stage;

/** The page of one VM in a window of its own; its other ways lead into the main window. */
final class VmWindow implements Navigator {
  private static final double WIDTH = 980;
  private static final double HEIGHT = 640;

  private final Navigator main;
  private final Desk desk;
  private final VmItem item;
  private final Stage stage = new Stage();
  private final VmPage page;

  VmWindow(Desk mainDesk, VmItem item, Navigator main, Runnable onClosed) {
    this.main = main;
    WindowFrame frame = new WindowFrame(mainDesk.texts());
    desk = mainDesk.in(this, frame.dialogs(), frame.toasts());
    this.item = item;
    page = new VmPage(desk, item, true);
    frame.show(page.node());
    Scene scene = new Scene(frame.root(), WIDTH, HEIGHT);
    Theme.dress(scene, desk.state().textPercent());
    frame.takeKeys(scene, this::commands);
    stage.setMinWidth(480);
    stage.setMinHeight(360);
    stage.setScene(scene);
    item.infoProperty().subscribe(info -> stage.setTitle(info.name() + " – Vivarium"));
    stage.setOnHidden(
        e -> {
          page.closed();
          onClosed.run();
        });
    stage.show();
    page.opened();
    page.takeFocus();
  }

  private List<Command> commands() {
    List<Command> all = new ArrayList<>(page.commands());
    all.add(
        Command.of(
            desk.texts().get("verb.palette"), "", Icons.COMMAND, "Ctrl+K", this::openPalette));
    all.add(
        Command.of(
            desk.texts().get("verb.fullScreen"),
            "",
            Icons.FULL_SCREEN,
            "F11",
            () -> stage.setFullScreen(!stage.isFullScreen())));
    return all;
  }

  private void openPalette() {
    List<Command> all = commands();
    all.addAll(new VmVerbs(desk).commands(item));
    new Palette(all, desk.dialogs(), desk.texts()).open();
  }

  void toFront() {
    stage.setIconified(false);
    stage.toFront();
    stage.requestFocus();
  }

  void close() {
    stage.close();
  }

  Scene scene() {
    return stage.getScene();
  }

  /** Nothing else can stand here: back into the main window. */
  @Override
  public void go(Place place) {
    stage.close();
  }

  @Override
  public void openVm(String name) {
    if (!name.equals(page.vmName())) {
      main.openVm(name);
    }
  }

  @Override
  public void detachVm(String name) {
    main.detachVm(name);
  }

  @Override
  public void openSnapshot(String vm, String id) {
    if (vm.equals(page.vmName())) {
      page.showSnapshot(id);
    } else {
      main.openSnapshot(vm, id);
    }
  }

  @Override
  public void openWizard(WizardStart start) {
    main.openWizard(start);
  }

  @Override
  public boolean shows(Page asked) {
    return asked.equals(page);
  }

  @Override
  public void toggleActivity() {
    main.toggleActivity();
  }
}
