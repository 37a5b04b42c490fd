package io.vivarium.desktop;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;
import java.util.Objects;
import javafx.application.Application;
import javafx.application.ColorScheme;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.text.Font;

/** Light and dark, by the system's wish, and our own style sheet on top. */
public final class Theme {
  private static final String STYLE_SHEET = "desktop.css";

  private Theme() {}

  /** Follows the system from now on, for as long as the process lives. */
  public static void followSystem() {
    Platform.getPreferences().colorSchemeProperty().subscribe(Theme::use);
  }

  /** Uses this scheme. */
  public static void use(ColorScheme scheme) {
    Application.setUserAgentStylesheet(
        scheme == ColorScheme.DARK
            ? new PrimerDark().getUserAgentStylesheet()
            : new PrimerLight().getUserAgentStylesheet());
  }

  /** Adds our style sheet. */
  public static void dress(Scene scene) {
    scene
        .getStylesheets()
        .add(
            Objects.requireNonNull(Theme.class.getResource(STYLE_SHEET), STYLE_SHEET)
                .toExternalForm());
    // The desktop's text size is the root of all em sizes.
    double size = Font.getDefault().getSize();
    scene.getRoot().setStyle("-fx-font-size: " + Math.max(13, size) + "px");
  }
}
