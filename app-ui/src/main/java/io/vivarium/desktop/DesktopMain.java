package io.vivarium.desktop;

import javafx.application.Application;

/**
 * Where the desktop begins. Does not extend {@link Application}, so that it starts from the class
 * path.
 *
 * <p>How to start it (the launcher {@code viv} does): JavaFX's four jars on the module path, all
 * else, this class too, on the class path:
 *
 * <pre>
 * java --module-path javafx-base-26.0.2-linux.jar:javafx-graphics-26.0.2-linux.jar:javafx-controls-26.0.2-linux.jar
 *      --add-modules javafx.controls
 *      --enable-native-access=javafx.graphics,ALL-UNNAMED
 *      -XX:+UseSerialGC -Xmx192m -XX:TieredStopAtLevel=4
 *      -cp app-ui.jar:(everything else)  io.vivarium.desktop.DesktopMain
 * </pre>
 *
 * An AOT cache ({@code -XX:AOTCache=}) must be made with the same paths and flags.
 */
public final class DesktopMain {
  private DesktopMain() {}

  /** Opens the window; returns when it is closed. */
  public static void main(String[] args) {
    Application.launch(DesktopApp.class, args);
  }
}
