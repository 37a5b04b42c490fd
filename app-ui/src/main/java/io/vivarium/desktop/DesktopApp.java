package io.vivarium.desktop;

import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumHost;
import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.model.HostLimits;
import io.vivarium.desktop.sleep.Logind;
import io.vivarium.desktop.sleep.SleepPause;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import javafx.application.Application;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.stage.Stage;
import org.jspecify.annotations.Nullable;

/** The desktop's life: opens the library and the window, and closes them. */
public final class DesktopApp extends Application {
  /**
   * Asks for the process to end when the first window is shown; for measuring and the AOT cache.
   */
  private static final String QUIT_OPTION = "--quit-when-shown";

  private final Texts texts = new Texts(Locale.getDefault());
  private @Nullable Vivarium vivarium;
  private @Nullable VivariumException trouble;
  private @Nullable Logind logind;

  /** Called by JavaFX. */
  public DesktopApp() {}

  @Override
  public void init() {
    try {
      vivarium = VivariumHost.open(VivariumHost.defaultHome());
    } catch (VivariumException e) {
      // Not a field: setting up logging would be a twelfth of what comes before the first window.
      System.getLogger(DesktopApp.class.getName())
          .log(Level.ERROR, "The library cannot be opened", e);
      trouble = e;
    }
  }

  @Override
  public void start(Stage stage) {
    RestingTimer.install();
    DesktopState state = DesktopState.ofUser();
    Theme.follow(state.look());
    Vivarium opened = vivarium;
    if (opened == null) {
      showTrouble(stage);
    } else {
      DesktopWindow window =
          new DesktopWindow(opened, texts, state, HostLimits.here(), InstantSource.system());
      window.show(stage);
      SleepPause pause = new SleepPause(window.shell().desk());
      Logind sleep = new Logind(pause::sleep, pause::wake, Map.of());
      logind = sleep;
      var _ = sleep.open();
      getParameters().getUnnamed().stream()
          .filter(argument -> !argument.startsWith("--"))
          .findFirst()
          .ifPresent(window::openFile);
    }
    if (getParameters().getRaw().contains(QUIT_OPTION)) {
      Platform.runLater(() -> Platform.runLater(Platform::exit));
    }
  }

  private void showTrouble(Stage stage) {
    VivariumException why = trouble;
    String text = why == null ? "" : why.getMessage() + "\n" + why.cure();
    Scene scene =
        new Scene(
            Nodes.column("trouble", Nodes.paragraph(texts.get("error.library", text))), 640, 240);
    Theme.dress(scene, 100);
    stage.setTitle("Vivarium");
    stage.setScene(scene);
    stage.show();
  }

  @Override
  public void stop() {
    Logind sleep = logind;
    if (sleep != null) {
      sleep.close();
    }
    Vivarium opened = vivarium;
    if (opened != null) {
      opened.close();
    }
  }
}
