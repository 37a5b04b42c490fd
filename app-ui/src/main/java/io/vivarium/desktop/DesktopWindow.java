package io.vivarium.desktop;

import io.vivarium.client.Vivarium;
import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.model.HostLimits;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.wizard.WizardStart;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Objects;
import javafx.scene.Scene;
import javafx.scene.image.Image;
import javafx.stage.Stage;
import javafx.stage.WindowEvent;
import org.jspecify.annotations.Nullable;

/** One window on the host's VMs. Closing it leaves them running or saves them, as the user says. */
public final class DesktopWindow {
  private static final double WIDTH = 1180;
  private static final double HEIGHT = 760;

  /** JavaFX on Linux hands one on, of this size; any other is scaled before the window is shown. */
  private static final String ICON = "icon-128.png";

  private final DesktopState state;
  private final AppShell shell;
  private @Nullable ClosingSaves saves;

  public DesktopWindow(
      Vivarium vivarium, Texts texts, DesktopState state, HostLimits limits, InstantSource clock) {
    this.state = state;
    this.shell = new AppShell(vivarium, texts, state, limits, clock);
  }

  /** What views are given; for tests. */
  public AppShell shell() {
    return shell;
  }

  /** Puts the window on the stage and begins. */
  public void show(Stage stage) {
    Scene scene = new Scene(shell.root(), WIDTH, HEIGHT);
    Theme.dress(scene, state.textPercent());
    stage.setTitle("Vivarium");
    stage
        .getIcons()
        .add(new Image(Objects.requireNonNull(DesktopWindow.class.getResourceAsStream(ICON))));
    stage.setMinWidth(760);
    stage.setMinHeight(520);
    stage.setScene(scene);
    stage.iconifiedProperty().subscribe(iconified -> shell.seen(!iconified));
    stage.setOnCloseRequest(e -> closing(e, stage));
    stage.setOnHidden(e -> shell.close());
    shell.open(scene);
    stage.show();
  }

  /**
   * Begins a VM of a file, as dropping it on the window does.
   *
   * @param file as a file manager or a command line names it
   */
  public void openFile(String file) {
    shell.openWizard(WizardStart.file(Path.of(file)));
  }

  private void closing(WindowEvent event, Stage stage) {
    Desk desk = shell.desk();
    long running = desk.vms().running();
    if (running == 0) {
      return;
    }
    switch (state.closing()) {
      case KEEP_RUNNING -> {}
      case SAVE -> {
        event.consume();
        save(stage);
      }
      case ASK -> {
        event.consume();
        new ClosingQuestion(desk, state)
            .ask(
                running,
                chosen -> {
                  if (chosen == DesktopState.Closing.SAVE) {
                    save(stage);
                  } else {
                    stage.close();
                  }
                });
      }
    }
  }

  /** Saves what runs, then closes; asked again meanwhile, it goes on. */
  private void save(Stage stage) {
    if (saves == null || saves.ended()) {
      saves = new ClosingSaves(shell.desk(), stage::close);
      saves.start(
          shell.desk().vms().items().stream()
              .filter(item -> VmModel.isAlive(item.state()))
              .toList());
    }
  }
}
