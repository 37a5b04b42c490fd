package io.vivarium.desktop;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;
import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.ui.Narrow;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import javafx.application.Application;
import javafx.application.ColorScheme;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.text.Font;
import javafx.util.Subscription;

/** Light and dark, by the user's wish or the system's, and our own style sheet on top. */
public final class Theme {
  private static final String STYLE_SHEET = "desktop.css";
  private static final double LEAST_TEXT = 13;
  private static final String DATA = "data:text/css;base64,";

  /** Sizes of icons in pixels, as in the style sheet, at a text size of 13. */
  private static final Map<String, Integer> ICONS = new LinkedHashMap<>();

  static {
    ICONS.put(".ikonli-font-icon", 16);
    ICONS.put(".mark-icon", 22);
    ICONS.put(".tile-icon", 26);
    ICONS.put(".check-icon", 20);
    ICONS.put(".image-icon", 22);
    ICONS.put(".pin-icon", 14);
    ICONS.put(".lane-icon", 12);
  }

  private static Subscription following = Subscription.EMPTY;

  private Theme() {}

  /** Looks so from now on. */
  public static void follow(DesktopState.Look look) {
    following.unsubscribe();
    following = Subscription.EMPTY;
    switch (look) {
      case SYSTEM ->
          following = Platform.getPreferences().colorSchemeProperty().subscribe(Theme::use);
      case LIGHT -> use(ColorScheme.LIGHT);
      case DARK -> use(ColorScheme.DARK);
    }
  }

  /** Uses this scheme. */
  public static void use(ColorScheme scheme) {
    Application.setUserAgentStylesheet(
        scheme == ColorScheme.DARK
            ? new PrimerDark().getUserAgentStylesheet()
            : new PrimerLight().getUserAgentStylesheet());
  }

  /** Adds our style sheet. */
  public static void dress(Scene scene, int textPercent) {
    scene
        .getStylesheets()
        .add(
            Objects.requireNonNull(Theme.class.getResource(STYLE_SHEET), STYLE_SHEET)
                .toExternalForm());
    scale(scene, textPercent);
  }

  /**
   * Makes all text so large, and with it all that is measured in em.
   *
   * @param textPercent of the system's text size
   */
  public static void scale(Scene scene, int textPercent) {
    double size = Math.max(LEAST_TEXT, Font.getDefault().getSize()) * textPercent / 100;
    scene.getRoot().getProperties().put(Narrow.EM, size);
    scene.getRoot().setStyle("-fx-font-size: " + size + "px");
    scene.getStylesheets().removeIf(sheet -> sheet.startsWith(DATA));
    if (size != LEAST_TEXT) {
      String icons = iconSizes(size / LEAST_TEXT);
      scene
          .getStylesheets()
          .add(DATA + Base64.getEncoder().encodeToString(icons.getBytes(StandardCharsets.UTF_8)));
    }
  }

  /** An icon is a letter whose em would be its own size, so its pixels are counted out here. */
  private static String iconSizes(double factor) {
    StringBuilder sheet = new StringBuilder();
    ICONS.forEach(
        (selector, pixels) ->
            sheet
                .append(selector)
                .append(" { -fx-icon-size: ")
                .append(Math.round(pixels * factor))
                .append("px; }\n"));
    return sheet.toString();
  }
}
