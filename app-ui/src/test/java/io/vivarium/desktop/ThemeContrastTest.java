package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javafx.application.ColorScheme;
import javafx.scene.Scene;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.paint.Color;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.testfx.api.FxToolkit;
import org.testfx.util.WaitForAsyncUtils;

/**
 * Words can be read in both themes: the contrast of each pair of text and background colours that
 * the style sheet uses is at least 4.5, that of lines and icons 3 (WCAG 2.1, 1.4.3 and 1.4.11).
 */
@Tag("desktop")
class ThemeContrastTest {
  private static final double WORDS = 4.5;
  private static final double SHAPES = 3;

  private record Pair(String front, String back, double least) {}

  private static List<Pair> pairs() {
    List<Pair> all = new ArrayList<>();
    for (String back : List.of("-color-bg-default", "-color-bg-subtle", "-color-bg-overlay")) {
      all.add(new Pair("-color-fg-default", back, WORDS));
      all.add(new Pair("-color-fg-muted", back, WORDS));
      all.add(new Pair("-color-accent-fg", back, WORDS));
      all.add(new Pair("-color-success-fg", back, WORDS));
      all.add(new Pair("-color-warning-fg", back, WORDS));
      all.add(new Pair("-color-danger-fg", back, WORDS));
      all.add(new Pair("-color-accent-emphasis", back, SHAPES));
    }
    for (String tone : List.of("accent", "success", "warning", "danger")) {
      all.add(new Pair("-color-" + tone + "-fg", "-color-" + tone + "-subtle", WORDS));
      all.add(new Pair("-color-fg-default", "-color-" + tone + "-subtle", WORDS));
    }
    all.add(new Pair("-color-fg-muted", "-color-neutral-subtle", WORDS));
    all.add(new Pair("-color-fg-muted", "-color-accent-subtle", WORDS));
    all.add(new Pair("-color-fg-emphasis", "-color-neutral-emphasis-plus", WORDS));
    all.add(new Pair("-color-fg-emphasis", "-color-accent-emphasis", WORDS));
    all.add(new Pair("-viv-terminal-fg", "-viv-terminal-bg", WORDS));
    all.add(new Pair("-viv-terminal-dim", "-viv-terminal-bg", WORDS));
    for (int lane = 0; lane < 6; lane++) {
      all.add(new Pair("-viv-lane-" + lane, "-color-bg-default", SHAPES));
    }
    return all;
  }

  @ParameterizedTest
  @EnumSource(ColorScheme.class)
  void wordsCanBeRead(ColorScheme scheme) throws Exception {
    FxToolkit.registerPrimaryStage();
    List<String> weak =
        WaitForAsyncUtils.asyncFx(
                () -> {
                  Theme.use(scheme);
                  StackPane root = new StackPane();
                  Theme.dress(new Scene(root, 100, 100), 100);
                  List<String> found = new ArrayList<>();
                  for (Pair pair : pairs()) {
                    Color base = color(root, "-color-bg-default", Color.WHITE);
                    Color back = color(root, pair.back, base);
                    double contrast = contrast(color(root, pair.front, back), back);
                    if (contrast < pair.least) {
                      found.add(String.format("%s on %s: %.2f", pair.front, pair.back, contrast));
                    }
                  }
                  return found;
                })
            .get(30, TimeUnit.SECONDS);
    assertThat(weak).isEmpty();
  }

  /** What a name of the theme comes to, above what is behind it. */
  private static Color color(StackPane root, String name, Color behind) {
    Region region = new Region();
    region.setStyle("-fx-background-color: " + name);
    root.getChildren().setAll(region);
    root.applyCss();
    Color color = (Color) region.getBackground().getFills().getFirst().getFill();
    return behind.interpolate(
        Color.color(color.getRed(), color.getGreen(), color.getBlue()), color.getOpacity());
  }

  private static double contrast(Color one, Color other) {
    double a = luminance(one);
    double b = luminance(other);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }

  private static double luminance(Color color) {
    return 0.2126 * linear(color.getRed())
        + 0.7152 * linear(color.getGreen())
        + 0.0722 * linear(color.getBlue());
  }

  private static double linear(double part) {
    return part <= 0.04045 ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4);
  }
}
