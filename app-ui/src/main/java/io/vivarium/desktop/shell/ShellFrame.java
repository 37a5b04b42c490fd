package io.vivarium.desktop.shell;

import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Narrow;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.ui.Ticker;
import java.time.InstantSource;
import java.util.function.Consumer;
import javafx.collections.ObservableList;
import javafx.geometry.Pos;
import javafx.scene.Parent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.scene.shape.Rectangle;

/** What stands around every page. */
public final class ShellFrame {
  /** Width of the window in em below which the rail is icons only. */
  private static final double ROOM_FOR_RAIL = 62;

  /** Parts of the window's height that messages, and the activity, take at most. */
  private static final double MOST_FOR_MESSAGES = 0.4;

  private static final double MOST_FOR_ACTIVITY = 0.5;

  private final WindowFrame window;
  private final Rail rail;
  private final StackPane place = new StackPane();
  private final ActivityDrawer drawer;

  public ShellFrame(
      Texts texts,
      ObservableList<Banner> banners,
      ObservableList<Job> jobs,
      Ticker ticker,
      InstantSource clock,
      Consumer<Place> go,
      Runnable openPalette) {
    rail = new Rail(texts, go, this::toggleActivity);
    window = new WindowFrame(texts);
    drawer =
        new ActivityDrawer(
            jobs, texts, clock, ticker, this::toggleActivity, () -> go.accept(Place.HOST));
    place.getStyleClass().add("place");
    VBox.setVgrow(place, Priority.ALWAYS);
    // Where there is little room the page gives way, not a message or the activity.
    place.setMinHeight(0);
    place.setAlignment(Pos.TOP_CENTER);
    Rectangle seen = new Rectangle();
    seen.widthProperty().bind(place.widthProperty());
    seen.heightProperty().bind(place.heightProperty());
    place.setClip(seen);
    BannerStack messages = new BannerStack(banners, texts);
    VBox main =
        new VBox(
            messages, place, drawer, new StatusBar(jobs, texts, this::toggleActivity, openPalette));
    messages.maxHeightProperty().bind(main.heightProperty().multiply(MOST_FOR_MESSAGES));
    drawer.maxHeightProperty().bind(main.heightProperty().multiply(MOST_FOR_ACTIVITY));
    BorderPane content = new BorderPane(main);
    content.setLeft(rail);
    Narrow.watch(content, ROOM_FOR_RAIL, rail::compact);
    window.show(content);
  }

  public Parent root() {
    return window.root();
  }

  /** Questions, toasts and keys. */
  public WindowFrame window() {
    return window;
  }

  public void show(Page page) {
    place.getChildren().setAll(page.node());
    rail.show(page.place());
  }

  /** Whether the user walks along the places by arrow keys, and so stays there. */
  public boolean walking() {
    return rail.walking();
  }

  public void count(VmModel vms) {
    rail.count(vms);
  }

  /** Opens the activity if it is not open. */
  public void showActivity() {
    if (!drawer.isVisible()) {
      drawer.toggle();
    }
  }

  public void toggleActivity() {
    drawer.toggle();
  }
}
