package io.vivarium.desktop.ui;

import java.util.function.Consumer;
import javafx.scene.Scene;
import javafx.scene.layout.Region;

/** Tells a view whether it has little room, measured in the size of its text. */
public final class Narrow {
  /** Key of the scene's text size in pixels among the properties of its root. */
  public static final String EM = "vivarium.em";

  private static final double USUAL_EM = 13;

  private final Region region;
  private final double ems;
  private final Consumer<Boolean> told;
  private boolean narrow;
  private boolean first = true;

  private Narrow(Region region, double ems, Consumer<Boolean> told) {
    this.region = region;
    this.ems = ems;
    this.told = told;
  }

  /**
   * Tells from now on, first when the region has a size.
   *
   * @param ems width below which it is narrow
   */
  public static void watch(Region region, double ems, Consumer<Boolean> told) {
    Narrow watching = new Narrow(region, ems, told);
    region.widthProperty().subscribe(watching::look);
    region.sceneProperty().subscribe(watching::look);
  }

  private void look() {
    Scene scene = region.getScene();
    if (scene == null || region.getWidth() <= 0) {
      return;
    }
    boolean now = region.getWidth() < ems * em(scene);
    if (first || now != narrow) {
      first = false;
      narrow = now;
      told.accept(now);
    }
  }

  /** The scene's text size in pixels. */
  public static double em(Scene scene) {
    return scene.getRoot().getProperties().get(EM) instanceof Double size ? size : USUAL_EM;
  }
}
