package io.vivarium.desktop.shell;

import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Dialogs;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.ui.Ticker;
import io.vivarium.desktop.ui.Toasts;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javafx.collections.ObservableList;
import javafx.scene.Parent;
import javafx.scene.Scene;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

/** What stands around every page. */
public final class ShellFrame {
  private final StackPane root;
  private final Rail rail;
  private final StackPane place = new StackPane();
  private final ActivityDrawer drawer;
  private final OverlayPane overlay;
  private final ToastLayer toasts;

  public ShellFrame(
      Texts texts,
      ObservableList<Banner> banners,
      ObservableList<Job> jobs,
      Ticker ticker,
      InstantSource clock,
      Consumer<Place> go,
      Runnable openPalette) {
    rail = new Rail(texts, go);
    overlay = new OverlayPane(texts);
    toasts = new ToastLayer(texts);
    drawer = new ActivityDrawer(jobs, texts, clock, ticker, this::toggleActivity);
    place.getStyleClass().add("place");
    VBox.setVgrow(place, Priority.ALWAYS);
    VBox main =
        new VBox(
            new BannerStack(banners, texts),
            place,
            drawer,
            new StatusBar(jobs, texts, this::toggleActivity, openPalette));
    BorderPane window = new BorderPane(main);
    window.setLeft(rail);
    root = new StackPane(window, toasts, overlay);
    root.getStyleClass().add("shell");
  }

  public Parent root() {
    return root;
  }

  public Dialogs dialogs() {
    return overlay;
  }

  public Toasts toasts() {
    return toasts;
  }

  /** Leads the scene's keys to these verbs. */
  public void takeKeys(Scene scene, Supplier<List<Command>> commands) {
    new Shortcuts(commands, overlay).attach(scene);
  }

  public void show(Page page) {
    place.getChildren().setAll(page.node());
    rail.show(page.place());
  }

  public void count(VmModel vms) {
    rail.count(vms);
  }

  public void toggleActivity() {
    drawer.toggle();
  }
}
