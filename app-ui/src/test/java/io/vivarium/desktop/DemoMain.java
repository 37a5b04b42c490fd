package io.vivarium.desktop;

import io.vivarium.desktop.fake.FakeVivarium;
import io.vivarium.desktop.fake.Samples;
import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.model.HostLimits;
import io.vivarium.desktop.ui.Texts;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import javafx.application.Platform;
import javafx.stage.Stage;

/** The desktop on a host in memory, to look at and play with: arguments name a VM to open. */
public final class DemoMain {
  private DemoMain() {}

  public static void main(String[] args) {
    Platform.startup(
        () -> {
          RestingTimer.install();
          DesktopState state = new DesktopState(Path.of("target", "demo.properties"));
          Theme.follow(state.look());
          FakeVivarium host = new FakeVivarium(InstantSource.system());
          Samples.fill(host, Instant.now());
          DesktopWindow window =
              new DesktopWindow(
                  host,
                  new Texts(Locale.getDefault()),
                  state,
                  HostLimits.here(),
                  InstantSource.system());
          window.show(new Stage());
          for (String vm : args) {
            window.shell().openVm(vm);
          }
        });
  }
}
